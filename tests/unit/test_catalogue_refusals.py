"""A catalogue that cannot be used is refused with file, offer and cure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.adapters.catalogue_files import CatalogueFiles
from service.domain.consent import ConsentMode, Purpose
from service.errors import CatalogueInvalid
from tests.toy_catalogue_files import Files, loaded, offer, toy_files, written

NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001


def policy(files: Files) -> Any:
    return files["policy"]


def words(files: Files) -> Any:
    return files["treatments"]["treatments"]


def weight(files: Files) -> Any:
    return policy(files)["context_weights"][0]


def again(files: Files, **changes: str) -> None:
    words(files).append(words(files)[0] | changes)


def contact(files: Files, **entries: Any) -> None:
    policy(files)["contact"] = entries


def cap_of(window: str, **more: Any) -> dict[str, Any]:
    return {"id": "often", "scope": "offer", "window": window, "limit": 1} | more


REFUSALS: list[tuple[str, Callable[[Files], Any], tuple[str, ...]]] = [
    (
        "unknown key",
        lambda f: offer(f).update(colour="red"),
        ("offers.yaml", "get_card", "colour", "remove"),
    ),
    (
        "missing key",
        lambda f: offer(f).pop("value"),
        ("offers.yaml", "get_card", "value", "add it"),
    ),
    ("wrong type", lambda f: offer(f).update(value="much"), ("get_card", "offers[0].value")),
    ("negative value", lambda f: offer(f).update(value=-1), ("get_card", "value", "correct")),
    ("value without end", lambda f: offer(f).update(value=float("inf")), ("get_card", "value")),
    ("value that is none", lambda f: offer(f).update(value=float("nan")), ("get_card", "value")),
    ("time without offset", lambda f: offer(f).update(valid_from=NAIVE), ("get_card", "offset")),
    (
        "ends before it begins",
        lambda f: offer(f).update(valid_until=datetime(2025, 1, 1, tzinfo=UTC)),
        ("get_card", "valid_until"),
    ),
    (
        "issue",
        lambda f: offer(f).update(issue="sell"),
        ("get_card", "'sell' (use one of acquire, grow, retain, serve)"),
    ),
    (
        "purpose",
        lambda f: offer(f).update(purpose="outbond"),
        ("get_card", "use one of display, outbound, ", "; did you mean outbound?)"),
    ),
    (
        "cooldown after nothing known",
        lambda f: contact(f, cooldowns=[{"outcome": "dismis", "scope": "offer", "duration": "7d"}]),
        ("policy.yaml:", "opted_out, complaint; did you mean dismiss?) at contact.cooldowns[0]"),
    ),
    (
        "window in words",
        lambda f: contact(f, caps=[cap_of("3 months")]),
        ("policy.yaml:", "such as 7d or 24h, from 1h to 731d, or day, week, month at contact.caps"),
    ),
    (
        "place in words",
        lambda f: contact(f, caps=[cap_of("7d", only=["the app"])]),
        ("policy.yaml:", "such as home_feed or mobile_app/home_feed at contact.caps[0].only[0]"),
    ),
    (
        "twice",
        lambda f: f["offers"]["offers"].append(offer(f)),
        ("get_card", "twice", "another id"),
    ),
    ("channel", lambda f: offer(f).update(channels=["fax"]), ("get_card", "fax", "policy.yaml")),
    (
        "placement",
        lambda f: offer(f).update(placements=["cinema"]),
        ("get_card", "cinema", "home_feed"),
    ),
    (
        "channel without place",
        lambda f: offer(f, 1).update(placements=["message"]),
        ("visit", "mobile_app", "none of its placements"),
    ),
    ("product", lambda f: offer(f).update(product_id="crad"), ("get_card", "crad", "repeatable")),
    ("bank", lambda f: f["offers"].update(bank="other"), ("offers.yaml", "other", "NBO_CATALOGUE")),
    ("currency", lambda f: f["offers"].update(currency="€"), ("offers.yaml", "currency")),
    (
        "currency of another bank",
        lambda f: f["offers"].update(currency="CNY"),
        ("offers.yaml", "CNY", "EUR"),
    ),
    ("no offers", lambda f: f["offers"].update(offers=[]), ("offers.yaml", "offers")),
    ("time zone", lambda f: policy(f).update(time_zone="Mars"), ("policy.yaml", "Mars", "IANA")),
    (
        "policy channel",
        lambda f: policy(f)["channels"].update(fax=policy(f)["channels"]["sms"]),
        ("policy.yaml", "fax", "wechat"),
    ),
    (
        "outbound as display",
        lambda f: policy(f)["channels"]["sms"].update(purpose="display"),
        ("policy.yaml", "sms", "outbound"),
    ),
    ("consent", lambda f: policy(f)["consent"].update(fun="opt_in"), ("policy.yaml", "fun")),
    (
        "consent channel",
        lambda f: policy(f)["consent"].update({"fax/display": "opt_in"}),
        ("fax/display",),
    ),
    (
        "group",
        lambda f: policy(f)["levers"]["groups"].update(boats=1.1),
        ("policy.yaml", "boats", "cards"),
    ),
    (
        "placement limit",
        lambda f: policy(f)["channels"]["sms"]["placements"].update(message=0),
        ("policy.yaml", "placements"),
    ),
    ("treatment of nothing", lambda f: again(f, offer="gone"), ("treatments.yaml", "gone")),
    (
        "treatment channel",
        lambda f: words(f)[1].update(channel="fax"),
        ("treatments.yaml", "visit", "fax"),
    ),
    ("treatment twice", again, ("get_card", "two treatments")),
    ("missing words", lambda f: words(f).pop(1), ("treatments.yaml", "visit", "en", "sms")),
    ("no words at all", lambda f: words(f).clear(), ("treatments.yaml", "get_card", "en", "write")),
    ("half a translation", lambda f: again(f, locale="zh-CN"), ("visit", "zh-CN")),
    ("weight anywhere", lambda f: weight(f).pop("intent"), ("policy.yaml:24", "trigger or intent")),
    ("weight of no trigger", lambda f: weight(f).update(trigger=""), ("policy.yaml:27", "trigger")),
    (
        "weight of no group",
        lambda f: weight(f).update(group="crds"),
        ("policy.yaml:25", "did you mean cards?"),
    ),
    (
        "lever of no issue",
        lambda f: policy(f)["levers"]["issues"].update(grwo=1.0),
        ("policy.yaml:21", "grwo"),
    ),
    (
        "condition of no issue",
        lambda f: policy(f).update(conditions={"issues": {"grwo": {}}}),
        ("policy.yaml:31", "grwo"),
    ),
    (
        "disclosure of no issue",
        lambda f: policy(f).update(disclosures={"issues": ["grwo"]}),
        ("policy.yaml:31", "grwo"),
    ),
    (
        "disclosure of no group",
        lambda f: policy(f).update(disclosures={"groups": ["crds"]}),
        ("policy.yaml:31", "did you mean cards?"),
    ),
    (
        "consent of no channel",
        lambda f: policy(f)["consent"].update({"/display": "opt_in"}),
        ("policy.yaml:18", "consent /display"),
    ),
    ("lane", lambda f: offer(f).update(lane="markting"), ("offers.yaml:19", "markting")),
    (
        "name with a line",
        lambda f: offer(f).update(group="cards\n"),
        ("offers.yaml:7", "of letters, digits"),
    ),
    (
        "foreign digits",
        lambda f: offer(f).update(eligibility="age >= \u0663"),
        ("offers.yaml:19", "\u0663"),
    ),
]


@pytest.mark.parametrize(
    ("change", "signs"), [case[1:] for case in REFUSALS], ids=[case[0] for case in REFUSALS]
)
def test_refuses_with_place_and_cure(
    tmp_path: Path, change: Callable[[Files], Any], signs: tuple[str, ...]
) -> None:
    with pytest.raises(CatalogueInvalid) as refusal:
        loaded(tmp_path, change)
    assert str(tmp_path) in str(refusal.value)
    for sign in signs:
        assert sign in str(refusal.value)


@pytest.mark.parametrize(
    "change",
    [
        lambda f: offer(f).update(channels=["mobile_app", "mobile_app"]),
        lambda f: offer(f).update(placements=["home_feed", "home_feed"]),
        lambda f: policy(f).update(consent={}),
        lambda f: again(f, channel="sms"),
    ],
    ids=["channel twice", "placement twice", "no default", "words for another channel"],
)
def test_what_says_nothing_new_changes_no_offer(
    tmp_path: Path, change: Callable[[Files], Any]
) -> None:
    plain, changed = loaded(tmp_path), loaded(tmp_path, change)
    for name, mask in plain.in_placement.items():
        assert changed.in_placement[name].tolist() == mask.tolist()
    assert changed.policy.consent_mode("mobile_app", Purpose.OUTBOUND) is ConsentMode.OPT_IN


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, toy_files())
    with (folder / "policy.yaml").open("a", encoding="utf-8") as file:
        file.write("time_zone: Asia/Shanghai\n")
    with pytest.raises(CatalogueInvalid, match=r"policy\.yaml.*'time_zone' stands twice"):
        CatalogueFiles(folder).load()


@pytest.mark.parametrize("content", ["a: [1", "", "- 1", "\x00", "a: !!python/object:os.system {}"])
def test_a_file_that_is_no_yaml_mapping_is_refused_by_name(tmp_path: Path, content: str) -> None:
    folder = written(tmp_path, toy_files())
    (folder / "offers.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(CatalogueInvalid, match=r"offers\.yaml"):
        CatalogueFiles(folder).load()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueInvalid, match=r"offers\.yaml cannot be read .*create it"):
        CatalogueFiles(tmp_path).load()
