"""`nbo audit`: is the record still what was written, and what does it say of one decision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import rich_click as click

from nbo.errors import UsageRefused
from nbo.in_force import in_force
from nbo.local_log import anchors_folder, log_folder, on_one_volume, refuse_without_log
from nbo.output import (
    json_option,
    note,
    print_facts,
    print_json,
    print_table,
    write_private,
)
from nbo.progress import shown_progress
from nbo.record_documents import HOW_TO_CHECK, record_document
from service.adapters.event_log import EventBook, StoredRecord
from service.adapters.event_log.verdict import LogVerdict, WriterVerdict
from service.adapters.event_log.verification import verify as verify_log
from service.domain.ulid import ulid_bytes
from service.ports.event_log import RecordKind


@click.group()
def audit() -> None:
    """Check the event log's chains, and take one decision out of it for an auditor."""


@audit.command()
@json_option
def verify(as_json: bool) -> None:
    """Compare every record with its chain and every chain with its anchors.

    Names the first bad record of each writer and exits with 1 when there is one. A torn last record
    was never acknowledged: it is told, and is no damage. Safe while the service runs.

    Example: nbo audit verify
    """
    refuse_without_log()
    with shown_progress() as progress:
        verdict = verify_log(log_folder(), anchors_folder(), progress)
    if as_json:
        print_json(_document(verdict))
    else:
        columns = ("writer", "records", "erased", "anchored", "first", "last", "status")
        print_table(columns, map(_row, verdict.writers))
        print_facts(verdict.kinds.items())
    if on_one_volume(log_folder(), anchors_folder()):
        note(
            "nbo: the anchors lie on the log's own volume: whoever cuts both alike leaves no trace;"
            " set NBO_ANCHORS to another volume, or copy them away"
        )
    for bad in verdict.damaged:
        note(f"nbo: writer {bad.writer}, record {bad.bad_seq}: {bad.problem}")
    if verdict.damaged:
        raise SystemExit(1)


@audit.command()
@click.argument("decision_id")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write."
)
@json_option
def export(decision_id: str, out: Path, as_json: bool) -> None:
    """Write one decision, its versions with the records of when they came into force, and the proof
    of its place in the chain to one JSON file.

    The file holds the customer's data as recorded: only its owner may read it (0600). Keep it so.

    Example: nbo audit export 01JG7Y8Q3V5W2X4Z6A8B0C1D2E --out decision.json
    """
    records = _records_of(decision_id)
    document = _exported(decision_id, records)
    write_private(out, msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    told = {"decision_id": decision_id, "records": len(records), "file": str(out)}
    if as_json:
        print_json(told)
    else:
        print_facts(told.items())
    _refuse_damaged(records)


def _records_of(decision_id: str) -> list[StoredRecord]:
    refuse_without_log()
    key = ulid_bytes(decision_id)
    found = EventBook(log_folder()).find_all(key) if key else []
    if not found:
        raise UsageRefused(
            f"no decision {decision_id} is on record here: copy the decision_id of an answer, or"
            " point NBO_HOME to where it was decided"
        )
    return found


def _exported(decision_id: str, records: list[StoredRecord]) -> dict[str, Any]:
    documents = [record_document(record) for record in records]
    decisions = [place for place, one in enumerate(records) if one.kind is RecordKind.DECISION]
    payload = documents[decisions[-1]]["payload"] if decisions else None
    versions = payload.get("versions") if isinstance(payload, dict) else None
    found = in_force(EventBook(log_folder()), records[decisions[-1]], versions) if versions else {}
    return {
        "decision_id": decision_id,
        "versions": versions,
        "records": documents,
        "in_force": {kind: record_document(record) for kind, record in found.items()},
        "how_to_check": HOW_TO_CHECK,
    }


def _refuse_damaged(records: list[StoredRecord]) -> None:
    damaged = [record for record in records if record.problem]
    for record in damaged:
        note(f"nbo: writer {record.writer}, record {record.seq}: {record.problem}")
    if damaged:
        raise SystemExit(1)


def _document(verdict: LogVerdict) -> dict[str, Any]:
    damaged = verdict.damaged
    first = {"writer": damaged[0].writer, "seq": damaged[0].bad_seq} if damaged else None
    return {
        "is_intact": not damaged,
        "first_bad": first,
        "kinds": verdict.kinds,
        "writers": verdict.writers,
    }


def _row(one: WriterVerdict) -> tuple[object, ...]:
    status = str(one.status)
    if one.bad_seq is not None:
        status += f" at record {one.bad_seq}: {one.problem}"
    return (
        one.writer,
        one.records,
        one.erased,
        one.anchored_seq,
        one.first_at and f"{one.first_at:%Y-%m-%d %H:%M:%S}",
        one.last_at and f"{one.last_at:%Y-%m-%d %H:%M:%S}",
        status,
    )
