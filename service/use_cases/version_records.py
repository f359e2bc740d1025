"""What the log says of the catalogues and models that decided."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from service.ports import LogRecord, RecordKind


class Why(StrEnum):
    """How a worker came to decide with it."""

    STARTED = "started"
    CHANGED = "changed"
    KEPT = "kept"
    """It was in use and stays so: what was to come after it is on record, but is not used."""


class CatalogueRecord(msgspec.Struct, frozen=True):
    """The payload of a record of kind catalogue."""

    bank: str
    catalogue: str
    policy: str
    why: Why
    at: datetime


class ModelRecord(msgspec.Struct, frozen=True):
    """The payload of a record of kind model; `model` None = it was decided without one."""

    bank: str
    model: str | None
    contract: str
    ranker: str
    why: Why
    at: datetime


VersionRecord = CatalogueRecord | ModelRecord
_TYPES: dict[RecordKind, type[VersionRecord]] = {
    RecordKind.CATALOGUE: CatalogueRecord,
    RecordKind.MODEL: ModelRecord,
}


def kind_of(version: VersionRecord) -> RecordKind:
    """The kind of record it is the payload of."""
    return RecordKind.CATALOGUE if isinstance(version, CatalogueRecord) else RecordKind.MODEL


def names_the_same(one: VersionRecord, other: VersionRecord) -> bool:
    """Whether both speak of the same version, whenever and why."""
    return replace(one, why=other.why, at=other.at) == other


def version_told(record: LogRecord) -> VersionRecord | None:
    """What a catalogue or model record says; None when it is erased, of another kind, or of a form
    nobody here knows.
    """
    wanted = _TYPES.get(record.kind)
    if wanted is None or record.payload is None:
        return None
    try:
        return msgspec.json.decode(record.payload, type=wanted)
    except msgspec.DecodeError:
        return None
