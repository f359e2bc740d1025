"""The records of the catalogue and the model that a decision was made with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.adapters.event_log import EventBook, StoredRecord
from service.ports.event_log import RecordKind, kind_key
from service.use_cases.version_records import CatalogueRecord, ModelRecord, version_told


def in_force(
    book: EventBook, decision: StoredRecord, versions: Mapping[str, Any]
) -> dict[RecordKind, StoredRecord]:
    """By kind the newest record, not younger than the decision, that names what the decision says
    it was made with; a kind of which there is none is left out.
    """
    found = {}
    for kind in (RecordKind.CATALOGUE, RecordKind.MODEL):
        for record in book.find_all(kind_key(kind), kind=kind):
            if record.written_at <= decision.written_at and _names(record, versions):
                found[kind] = record
    return found


def _names(record: StoredRecord, versions: Mapping[str, Any]) -> bool:
    match version_told(record):
        case CatalogueRecord() as told:
            return [told.catalogue, told.policy] == [versions["catalogue"], versions["policy"]]
        case ModelRecord() as told:
            return [told.model, told.contract] == [versions["model"], versions["contract"]]
        case _:
            return False
