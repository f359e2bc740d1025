"""No number, instant or name of a catalogue reaches a decision that could not be computed with it:
what is out of range is refused with its line and the range that is permitted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
import pytest

from service.adapters import catalogue_format
from service.adapters.catalogue_files import CatalogueFiles
from service.errors import CatalogueInvalid
from service.rules import RULES
from tests.toy_catalogue_files import Files, loaded, offer, toy_files, written
from tests.worlds import toy_customer, toy_situation

CAP = {"id": "week", "scope": "offer", "window": "7d", "limit": 3}
COOLDOWN = {"outcome": "reject", "scope": "offer", "duration": "7d"}
QUIET = {"from": "21:00", "until": "08:00"}
MOST_WINDOW, FACTOR = "from 1h to 731d", "from 0.01 to 100"
INSTANTS = "from 1900-01-01T00:00:00+00:00 to 9999-12-31T23:59:59+00:00"


def sold(**fields: Any) -> Callable[[Files], Any]:
    return lambda files: offer(files).update(fields)


def policy(**fields: Any) -> Callable[[Files], Any]:
    return lambda files: files["policy"].update(fields)


def within(*keys: str, **fields: Any) -> Callable[[Files], Any]:
    """A policy with these fields somewhere inside."""

    def change(files: Files) -> None:
        entry = files["policy"]
        for key in keys:
            entry = entry[key]
        entry.update(fields)

    return change


def cap(**changes: Any) -> Callable[[Files], Any]:
    return policy(contact={"caps": [CAP | changes]})


def cooldown(**changes: Any) -> Callable[[Files], Any]:
    return policy(contact={"cooldowns": [COOLDOWN | changes]})


def quiet(**changes: Any) -> Callable[[Files], Any]:
    return policy(contact={"quiet_hours": QUIET | changes})


def weight(**changes: Any) -> Callable[[Files], Any]:
    return lambda files: files["policy"]["context_weights"][0].update(changes)


OUT_OF_RANGE: list[tuple[str, Callable[[Files], Any], str, str]] = [
    ("assessment", policy(suitability={"valid_days": 99_999_999_999}), "policy.yaml:30", "1 to 10"),
    ("assessment never", policy(suitability={"valid_days": 0}), "policy.yaml:30", "1 to 10000"),
    ("age", sold(minimum_age=10**6), "offers.yaml:17", "from 0 to 120"),
    ("unborn", sold(minimum_age=-1), "offers.yaml:17", "from 0 to 120"),
    ("version", sold(version=10**30), "offers.yaml:5", "from 1 to 1000000000000000"),
    ("value", sold(value=1e300), "offers.yaml:9", "from 0 to 1000000000000"),
    ("endless value", sold(value=10**400), "offers.yaml:9", "from 0 to 1000000000000"),
    ("value that is none", sold(value=math.nan), "offers.yaml:9", "from 0 to 1000000000000"),
    ("lever", sold(lever=1e300), "offers.yaml:10", FACTOR),
    ("no lever", sold(lever=0), "offers.yaml:10", FACTOR),
    ("lever down", sold(lever=-1), "offers.yaml:10", FACTOR),
    ("issue lever", within("levers", "issues", grow=math.inf), "policy.yaml:20", FACTOR),
    ("group lever", within("levers", "groups", cards=math.nan), "policy.yaml:22", FACTOR),
    ("weight", weight(weight=math.inf), "policy.yaml:26", FACTOR),
    ("rating", sold(issuer_rating=0), "offers.yaml:19", "from 1 to 5"),
    ("before time", sold(valid_from="0001-01-01T00:00:00+14:00"), "offers.yaml:15", INSTANTS),
    ("after time", sold(valid_until="9999-12-31T23:59:59-14:00"), "offers.yaml:16", INSTANTS),
    ("placement", within("channels", "sms", "placements", message=10**6), ":13", "from 1 to 20"),
    ("no diversity", policy(diversity={"max_per_group": 0}), "policy.yaml:28", "from 1 to 1000"),
    ("diversity", policy(diversity={"max_per_group": 10**30}), "policy.yaml:28", "from 1 to 1000"),
    ("cap", cap(limit=10**9), "policy.yaml:34", "from 1 to 10000"),
    ("no window", cap(window="0d"), "policy.yaml:33", MOST_WINDOW),
    ("window back", cap(window="-7d"), "policy.yaml:33", MOST_WINDOW),
    ("window line", cap(window="7d\n"), "policy.yaml:33", MOST_WINDOW),
    ("window", cap(window="99999h"), "policy.yaml:31", "longer than 731d"),
    ("no cooldown", cooldown(duration="0h"), "policy.yaml:33", MOST_WINDOW),
    ("cooldown line", cooldown(duration="7d\n"), "policy.yaml:33", MOST_WINDOW),
    ("hour", quiet(until="24:00"), "policy.yaml:32", "from 00:00 to 23:59"),
    ("hour line", quiet(until="08:00\n"), "policy.yaml:32", "from 00:00 to 23:59"),
]


@pytest.mark.parametrize(
    ("change", "line", "permitted"),
    [case[1:] for case in OUT_OF_RANGE],
    ids=[case[0] for case in OUT_OF_RANGE],
)
def test_a_number_out_of_range_is_refused_with_its_line_and_the_range(
    tmp_path: Path, change: Callable[[Files], Any], line: str, permitted: str
) -> None:
    with pytest.raises(CatalogueInvalid) as refusal:
        loaded(tmp_path, change)
    (complaint,) = str(refusal.value).splitlines()
    assert f"{line}: " in complaint
    assert permitted in complaint


def numbers_in(kind: Any, *metas: msgspec.Meta) -> Iterator[tuple[msgspec.Meta, ...]]:
    """The constraints of every number a type can hold."""
    if get_origin(kind) is Annotated:
        kind, *own = get_args(kind)
        yield from numbers_in(kind, *metas, *own)
    elif get_origin(kind) in (Union, UnionType, list, dict):
        for inside in get_args(kind):
            yield from numbers_in(inside)
    elif kind in (int, float):
        yield metas


def test_every_number_of_the_format_is_bounded_at_both_ends() -> None:
    entries = [e for e in vars(catalogue_format).values() if isinstance(e, type)]
    structs = [e for e in entries if issubclass(e, msgspec.Struct) and e is not msgspec.Struct]
    found = {
        f"{entry.__name__}.{field.name}": metas
        for entry in structs
        for field in msgspec.structs.fields(entry)
        for metas in numbers_in(field.type)
    }
    assert len(found) >= 10
    assert not [
        name for name, metas in found.items() if not any(m.ge is not None and m.le for m in metas)
    ]


def widest(files: Files) -> None:
    """Every number at the end of its range that is harder to compute with."""
    offer(files).update(
        value=1e12, lever=100, minimum_age=120, version=10**15, issuer_rating=5,
        valid_from=datetime(1900, 1, 1, tzinfo=UTC), valid_until="9999-12-31T23:59:59Z",
    )  # fmt: skip
    offer(files, 1).update(valid_from="9999-12-31T23:59:58Z", valid_until="9999-12-31T23:59:59Z")
    files["policy"].update(
        suitability={"valid_days": 10_000},
        diversity={"max_per_group": 1_000},
        contact={
            "caps": [CAP | {"window": "731d", "limit": 10_000}, CAP | {"id": "h", "window": "1h"}],
            "cooldowns": [COOLDOWN | {"duration": "731d"}],
        },
    )


@pytest.mark.parametrize("born", [date(1, 1, 1), date(9999, 12, 31), None])
def test_whatever_passes_the_check_can_be_judged_and_explained(
    tmp_path: Path, born: date | None
) -> None:
    catalogue = loaded(tmp_path, widest)
    situation = toy_situation(customer=toy_customer(birth_date=born), catalogue=catalogue)
    for rule in (kind() for kind in RULES):
        permits = rule.permits(situation)
        for row in range(len(catalogue)):
            assert rule.explain(situation, row).permitted == permits[row]


@pytest.mark.parametrize("zone", ["America", "", "A" * 5_000, "/etc/passwd", "zone.tab", "\x01"])
def test_what_is_no_zone_is_refused_with_its_line(tmp_path: Path, zone: str) -> None:
    with pytest.raises(CatalogueInvalid, match=r"policy\.yaml:1: time_zone .* use an IANA name"):
        loaded(tmp_path, policy(time_zone=zone))


UNUSABLE = [
    ("x: 2026-02-30T00:00:00Z", "day is out of range"),
    ("x: 2026-01-01T00:00:00+99:00", "offset"),
    (f"x: {'9' * 6_000}", "limit"),
    (f"x: {'[' * 200_000}{']' * 200_000}", "deeper than 32 levels"),
    (f"x: {'{a: ' * 200_000}{'}' * 200_000}", "deeper than 32 levels"),
]


@pytest.mark.parametrize(("content", "sign"), UNUSABLE, ids=[sign for _, sign in UNUSABLE])
def test_what_the_reader_itself_cannot_take_is_refused_with_its_line(
    tmp_path: Path, content: str, sign: str
) -> None:
    folder = written(tmp_path, toy_files())
    (folder / "policy.yaml").write_text(f"# its policy\n{content}\n", encoding="utf-8")
    with pytest.raises(CatalogueInvalid, match=rf"policy\.yaml:2: is no valid YAML: .*{sign}"):
        CatalogueFiles(folder).load()
