"""A bank's policy as data: what its files declare, and what is refused, with line and cure."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from nbo.cli import run
from service.adapters.catalogue_files import CatalogueFiles
from service.domain.catalogue import Lane
from service.domain.contact_policy import (
    CalendarWindow,
    Cap,
    Cooldown,
    Counted,
    QuietHours,
    Scope,
)
from service.errors import CatalogueInvalid
from tests.toy_catalogue_files import Files, loaded, offer, toy_files, written

AFTER_AN_OPT_OUT = Cooldown("opted_out", None, Scope.CHANNEL, timedelta(days=1_826))
CAP = {"id": "week", "scope": "offer", "window": "7d", "limit": 3}
SAME_KEY = ("offer_74944", "offer_79905")
SAME_PLACE = ("place_25115", "place_98430")


def contact(**entries: Any) -> Callable[[Files], Any]:
    """A policy with this contact policy."""
    return lambda files: files["policy"].update(contact=entries)


def cap(**changes: Any) -> Callable[[Files], Any]:
    """A policy with one cap."""
    return contact(caps=[CAP | changes])


def sold(**fields: Any) -> Callable[[Files], Any]:
    """The card offer with these fields."""
    return lambda files: offer(files).update(fields)


def served(**fields: Any) -> Callable[[Files], Any]:
    """The visit with these fields."""
    return lambda files: offer(files, 1).update(fields)


def groups(**conditions: str) -> Callable[[Files], Any]:
    """A policy that asks something of the cards."""
    return lambda files: files["policy"].update(conditions={"groups": {"cards": conditions}})


def policy(**fields: Any) -> Callable[[Files], Any]:
    """A policy with these entries."""
    return lambda files: files["policy"].update(fields)


def rated(**declared: Any) -> Callable[[Files], Any]:
    """A policy that says what must be rated."""
    return policy(suitability={"rated": declared})


def alike(files: Files) -> None:
    for row, name in enumerate(SAME_KEY):
        offer(files, row)["id"] = name
    for row, name in enumerate((SAME_KEY[0], SAME_KEY[1], SAME_KEY[1])):
        files["treatments"]["treatments"][row]["offer"] = name


def alike_places(files: Files) -> None:
    places = files["policy"]["channels"]["mobile_app"]["placements"]
    places.update(dict.fromkeys(SAME_PLACE, 1))


REFUSALS: list[tuple[str, Callable[[Files], Any], tuple[str, ...]]] = [
    (
        "unknown name",
        sold(eligibility="incme_monthly > 3"),
        ("offers.yaml:19", "offer get_card", "eligibility", "did you mean income_monthly?"),
    ),
    (
        "unknown product",
        sold(applicability={"when": 'has_product("crad")'}),
        ("offers.yaml:20", "get_card", "applicability", "did you mean card?"),
    ),
    ("number as text", sold(eligibility="age > '18'"), ("get_card", "age is a number")),
    ("channel nobody has", sold(eligibility="channel == 'fax'"), ("fax", "known are")),
    ("group condition", groups(eligibility="age >"), ("policy.yaml", "group cards", "eligibility")),
    (
        "condition of no group",
        lambda f: f["policy"].update(conditions={"groups": {"crds": {}}}),
        ("policy.yaml", "group crds", "did you mean cards?"),
    ),
    ("misspelt key", sold(eligability="age > 1"), ("eligability", "did you mean eligibility?")),
    ("on missing", sold(applicability={"when": "age > 1", "on_missing": "shrug"}), ("shrug",)),
    (
        "cap name",
        cap(only=["get_crad"]),
        ("policy.yaml", "cap week", "get_crad", "did you mean get_card?"),
    ),
    ("cap on everything by name", cap(scope="all", only=["get_card"]), ("remove `only`",)),
    ("cap window", cap(window="fortnight"), ("window", "policy.yaml")),
    ("cap for ever", cap(window="9999d"), ("longer than 731d",)),
    ("cap limit", cap(limit=0), ("contact.caps[0].limit",)),
    ("caps alike", contact(caps=[CAP, CAP]), ("cap week stands twice",)),
    ("cooldown reason", contact(cooldowns=[
        {"outcome": "dismiss", "reason": "bad_time", "scope": "offer", "duration": "7d"}
    ]), ("reason bad_time belongs to reject",)),
    ("cooldown too long", contact(cooldowns=[
        {"outcome": "reject", "scope": "offer", "duration": "9999d"}
    ]), ("longer than 731d",)),
    ("no quiet hours", contact(quiet_hours={"from": "21:00", "until": "21:00"}), ("21:00",)),
    ("unquoted hour", contact(quiet_hours={"from": 1260, "until": "08:00"}), ("in quotes",)),
    ("hour", contact(quiet_hours={"from": "25:00", "until": "08:00"}), ("quiet_hours.from",)),
    ("selling service", sold(lane="service"), ("get_card", "issue serve", "lane marketing")),
    ("rated service", served(lane="service", issuer_rating=2), ("visit", "remove issuer_rating")),
    ("pushed service", served(lane="mandatory", lever=2.0), ("visit", "remove lever")),
    ("rating", sold(issuer_rating=6), ("get_card", "issuer_rating")),
    ("class without rating", sold(investor_classes=["retail"]), ("get_card", "no rating")),
    (
        "class twice",
        sold(own_rating=1, investor_classes=["retail", "retail"]),
        ("names an investor class twice",),
    ),
    (
        "group without rating",
        rated(groups=["cards"]),
        ("offers.yaml:4", "offer get_card", "group cards is rated", "issuer_rating or own_rating"),
    ),
    (
        "issue without rating",
        rated(issues=["serve"]),
        ("offers.yaml:19", "offer visit", "issue serve is rated", "another issue"),
    ),
    ("rated group of no offer", rated(groups=["crds"]), (":32", "crds", "did you mean cards?")),
    ("rated issue there is not", rated(issues=["grwo"]), ("policy.yaml:32", "grwo")),
    ("rated by mistake", rated(group=["cards"]), ("policy.yaml:31", "did you mean groups?")),
    ("open to no class", sold(own_rating=1, investor_classes=[]), ("offers.yaml:20", ">= 1")),
    ("cap on nothing", cap(only=[]), ("policy.yaml:35", "caps[0].only", ">= 1")),
    ("cap on another's place", cap(scope="placement", only=["sms/home_feed"]), ("sms/home_feed",)),
    ("advice nowhere", sold(advice="advised"), ("get_card", "none of its channels advises")),
    ("same key", alike, (*SAME_KEY, "32-bit key", "rename one")),
    ("same key of places", alike_places, (*SAME_PLACE, "32-bit key")),
    (
        "disclosure",
        sold(requires_disclosure=True),
        ("treatments.yaml:2", "get_card", "en", "no disclosure"),
    ),
    (
        "disclosure of a group",
        lambda f: f["policy"].update(disclosures={"groups": ["services"]}),
        ("treatments.yaml:6", "treatments.yaml:11", "visit", "sms", "no disclosure"),
    ),
    (
        "disclosure of an issue",
        lambda f: f["policy"].update(disclosures={"issues": ["grow"]}),
        ("get_card", "no disclosure"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "signs"), [case[1:] for case in REFUSALS], ids=[case[0] for case in REFUSALS]
)
def test_refuses_with_line_and_cure(
    tmp_path: Path, change: Callable[[Files], Any], signs: tuple[str, ...]
) -> None:
    with pytest.raises(CatalogueInvalid) as refusal:
        loaded(tmp_path, change)
    for sign in signs:
        assert sign in str(refusal.value)


def test_a_policy_becomes_caps_cooldowns_and_quiet_hours(tmp_path: Path) -> None:
    caps = [
        CAP | {"only": ["get_card"]},
        {"id": "sms", "scope": "channel", "counts": "decision", "window": "week", "limit": 1,
         "only": ["sms"]},
        {"id": "hours", "scope": "placement", "counts": "click", "window": "24h", "limit": 2,
         "only": ["home_feed", "mobile_app/login_banner"]},
    ]  # fmt: skip
    cooldown = {"outcome": "reject", "reason": "bad_time", "scope": "all", "duration": "36h"}
    declared = {"from": "21:30", "until": "08:00"}
    policy = loaded(
        tmp_path, contact(caps=caps, cooldowns=[cooldown], quiet_hours=declared)
    ).policy.contact
    assert policy.caps == (
        Cap("week", Scope.OFFER, Counted.IMPRESSION, timedelta(days=7), 3, frozenset({"get_card"})),
        Cap("sms", Scope.CHANNEL, Counted.DECISION, CalendarWindow.WEEK, 1, frozenset({"sms"})),
        Cap(
            "hours",
            Scope.PLACEMENT,
            Counted.CLICK,
            timedelta(hours=24),
            2,
            frozenset({"home_feed", "mobile_app/login_banner"}),
        ),
    )
    declared = Cooldown("reject", "bad_time", Scope.ALL, timedelta(hours=36))
    assert policy.cooldowns == (declared, AFTER_AN_OPT_OUT)
    assert policy.quiet_hours == QuietHours(time(21, 30), time(8))


def test_who_declares_no_cooldowns_gets_those_of_the_house(
    tmp_path: Path,
) -> None:
    assert loaded(tmp_path).policy.contact.cooldowns == (
        Cooldown("reject", None, Scope.OFFER, timedelta(days=90)),
        Cooldown("reject", None, Scope.GROUP, timedelta(days=14)),
        Cooldown("reject", "has_elsewhere", Scope.PRODUCT_LINE, timedelta(days=180)),
        AFTER_AN_OPT_OUT,
    )


def test_after_an_opt_out_the_channel_rests_unless_the_bank_says_otherwise_itself(
    tmp_path: Path,
) -> None:
    silent = loaded(tmp_path, contact(cooldowns=[])).policy.contact
    assert silent.cooldowns == (AFTER_AN_OPT_OUT,)
    own = {"outcome": "opted_out", "scope": "all", "duration": "731d"}
    spoken = loaded(tmp_path, contact(cooldowns=[own])).policy.contact
    assert spoken.cooldowns == (Cooldown("opted_out", None, Scope.ALL, timedelta(days=731)),)


def test_conditions_of_issue_group_and_offer_are_joined(tmp_path: Path) -> None:
    def three(files: Files) -> None:
        files["policy"]["conditions"] = {
            "issues": {"grow": {"applicability": "age >= 1"}},
            "groups": {"cards": {"applicability": {"when": "age >= 2", "on_missing": "allow"}}},
        }
        offer(files)["applicability"] = {"when": "age >= 3", "on_missing": "allow"}

    applicability = loaded(tmp_path, three).applicability
    assert applicability.text(0) == "(age >= 1) and (age >= 2) and (age >= 3)"
    assert applicability.text(1) is None
    assert applicability.denied_when_unknown().tolist() == [True, False]


def test_lanes_and_ratings_become_columns(tmp_path: Path) -> None:
    def both(files: Files) -> None:
        offer(files).update(issuer_rating=2, own_rating=3, product_line="plastic")
        offer(files, 1).update(lane="service")

    catalogue = loaded(tmp_path, both)
    assert catalogue.lanes == (Lane.MARKETING, Lane.SERVICE)
    assert catalogue.risk_rating[0] == 3
    assert catalogue.product_lines == ("plastic", "services")


def test_one_rating_is_enough_for_what_must_be_rated(tmp_path: Path) -> None:
    def both(files: Files) -> None:
        rated(groups=["cards"], issues=["grow"])(files)
        offer(files).update(own_rating=2)

    assert loaded(tmp_path, both).risk_rating[0] == 2


def broken(folder: Path) -> Path:
    """A folder with something wrong in each file."""
    files = toy_files()
    offer(files).update(eligibility="incme_monthly > 3", advice="advised")
    files["policy"]["contact"] = {"caps": [CAP | {"only": ["nothing"]}]}
    files["treatments"]["treatments"][0]["offer"] = "get_crad"
    return written(folder, files)


def test_every_complaint_about_every_file_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(CatalogueInvalid) as refusal:
        CatalogueFiles(broken(tmp_path)).load()
    told = str(refusal.value)
    for sign in ("incme_monthly", "advises", "unknown offer nothing", "did you mean get_card?"):
        assert sign in told
    assert len(told.splitlines()) == 5  # the card has no words left either


def test_every_fault_of_format_is_told_at_once(tmp_path: Path) -> None:
    files = toy_files()
    offer(files).update(value="much", version=0)
    offer(files, 1).pop("group")
    files["policy"]["channels"]["sms"].update(direction="sideways", placements={"message": 0})
    files["treatments"]["treatments"][0]["title"] = ""
    with pytest.raises(CatalogueInvalid) as refusal:
        CatalogueFiles(written(tmp_path, files)).load()
    lines = str(refusal.value).splitlines()
    assert len(lines) == 6
    for sign in ("offers[0].value", "channels.sms.placements.message", "treatments[0].title"):
        assert sign in str(refusal.value)


def check(*arguments: str) -> int:
    return run(["catalogue", "check", *arguments])


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBO_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NBO_CATALOGUE", raising=False)


def test_the_check_tells_people_what_a_catalogue_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(tmp_path, toy_files() | {})
    assert check("--catalogue", str(folder)) == 0
    told = capsys.readouterr().out
    assert all(word in told for word in ("cards", "marketing", "has_elsewhere", "EUR"))


def test_the_check_tells_scripts_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = toy_files()
    sold(eligibility="age > 1")(files)
    cap(only=["get_card"])(files)
    assert check("--catalogue", str(written(tmp_path, files)), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["valid"]
    assert told["lanes"] == {"mandatory": 0, "service": 0, "marketing": 2}
    assert told["conditions"] == {"eligibility": 1, "applicability": 0}
    assert told["caps"] == [CAP | {"counts": "impression", "only": ["get_card"]}]


def test_the_check_fails_with_every_complaint_on_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check("--catalogue", str(broken(tmp_path))) == 1
    told = capsys.readouterr().err
    assert "offers.yaml:19: offer get_card: eligibility" in told
    assert "5 complaints" in told
    assert "further checks" not in told
    assert check("--catalogue", str(tmp_path), "--json") == 1
    complaints = json.loads(capsys.readouterr().out)["complaints"]
    assert len(complaints) == 5
    assert all(complaint["line"] for complaint in complaints)


def test_the_check_needs_a_folder_or_a_bank(capsys: pytest.CaptureFixture[str]) -> None:
    assert check() == 1
    assert "--catalogue" in capsys.readouterr().err
