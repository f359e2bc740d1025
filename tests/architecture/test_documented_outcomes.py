"""Who reports outcomes finds every one, every field and every answer described."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from feature_repo.contact_layout import OPTED_OUT_SECONDS
from service.adapters.catalogue_contact import HOUSE_COOLDOWNS
from service.api.wire_outcomes import MOST_OUTCOMES, OutcomeRequest
from service.domain.contact_plan import COUNTED_EVENTS, COUNTS
from service.domain.contact_policy import Counted
from service.domain.contact_reservation import event_of
from service.domain.outcomes import OutcomeKind, RejectReason
from service.use_cases.outcome_records import OutcomeStatus

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "outcomes.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> dict[str, list[str]]:
    """The rows of a section's table by the name in their first cell."""
    found = re.findall(r"^\| `(\w+)`.*$", section(title), re.MULTILINE)
    lines = [line for line in section(title).splitlines() if line.startswith("| `")]
    return {
        name: [cell.strip() for cell in line.strip("|").split("|")]
        for name, line in zip(found, lines, strict=True)
    }


def counted(outcome: OutcomeKind) -> list[Counted]:
    return [
        kind
        for kind, does in zip(COUNTS, COUNTED_EVENTS[:, event_of(outcome)], strict=True)
        if does
    ]


def test_every_outcome_says_what_it_counts_toward() -> None:
    told = rows("The outcomes")
    assert told.keys() == set(OutcomeKind)
    for outcome in OutcomeKind:
        (counts,) = counted(outcome)
        assert told[outcome][2] == f"`{counts}`"


def test_every_cooldown_of_the_house_stands_beside_its_outcome() -> None:
    told = rows("The outcomes")
    for cooldown in HOUSE_COOLDOWNS:
        assert re.search(rf"\b{cooldown.duration.days}\b", told[cooldown.outcome][3])
    silent = {name for name, cells in told.items() if cells[3] == "–"}
    speaking = {cooldown.outcome for cooldown in HOUSE_COOLDOWNS} | {"later", "opted_out"}
    assert silent == set(OutcomeKind) - speaking
    assert f"{OPTED_OUT_SECONDS / 86_400:,.0f} days" in told["opted_out"][3]


def test_every_field_reason_and_status_is_explained() -> None:
    fields = [field.name for field in msgspec.structs.fields(OutcomeRequest)]
    assert [name for name in fields if f"`{name}`" not in section("A report")] == []
    assert f"1 to {MOST_OUTCOMES} in one request" in section("A report")
    assert [reason for reason in RejectReason if f"`{reason}`" not in TEXT] == []
    assert rows("The answer").keys() == set(OutcomeStatus)
