"""What the catalogue and the event log of a home know about contacts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from feature_repo.contact_layout import (
    ENTRY,
    ContactEvent,
    OfferNames,
    decision_key,
    name_key,
    placement_key,
)
from model_registry.home import Home
from service.adapters.event_log import EventBook
from service.bootstrap import open_catalogue
from service.domain.catalogue import Catalogue
from service.domain.contact_plan import channel_code
from service.domain.contact_reservation import offer_keys, outcome_entry
from service.domain.ulid import ulid_bytes
from service.errors import RecordUnreadable
from service.ports.event_log import LogRecord, RecordKind
from service.settings import read_settings
from service.use_cases.decision_records import DecisionRecord, decode_record
from service.use_cases.outcome_records import OutcomeRecord, OutcomeStatus

OUTCOMES = msgspec.msgpack.Decoder(OutcomeRecord)


def home_catalogue(home: Home, environment: dict[str, str]) -> Catalogue:
    """The catalogue the service would decide with."""
    return open_catalogue(read_settings(environment), home.bank())


def known_offers(catalogue: Catalogue) -> dict[str, OfferNames]:
    """Group, product line and lane of every offer."""
    columns = (catalogue.groups, catalogue.product_lines, catalogue.is_marketing.tolist())
    return dict(zip(catalogue.offer_ids, map(OfferNames, *columns), strict=True))


def has_contacts(folder: Path) -> bool:
    """Whether anything was decided or heard. Raises `RecordDamaged`."""
    kinds = (RecordKind.DECISION, RecordKind.OUTCOME)
    return any(record.kind in kinds for record in EventBook(folder).records())


def logged_contacts(folder: Path, catalogue: Catalogue) -> Iterator[tuple[str, np.void]]:
    """Every offer handed out and every outcome heard that a rule may still ask for; erased records
    tell nothing.
    """
    book = EventBook(folder)
    for record in book.records() if folder.exists() else ():
        if record.payload is None:
            continue
        if record.kind is RecordKind.DECISION:
            decided = decode_record(record.payload)
            for entry in _handed_out(decided, catalogue):
                yield decided.inputs.customer_id, entry
        elif record.kind is RecordKind.OUTCOME:
            yield from _heard(record, book, catalogue)


def _handed_out(record: DecisionRecord, catalogue: Catalogue) -> Iterator[np.void]:
    for placement, offers, _ in record.outputs.slates:
        for offer in offers:
            yield _entry(record, offer, placement, catalogue)


def _entry(record: DecisionRecord, offer: str, placement: str, catalogue: Catalogue) -> np.void:
    """An offer that is no longer made was advertising of no group."""
    row, channel = catalogue.row_of.get(offer), record.inputs.channel
    entry: np.void = np.zeros(1, dtype=ENTRY)[0]
    entry["at"] = record.inputs.as_of.timestamp()
    entry["decision"] = decision_key(record.decision_id)
    entry["offer"], entry["is_marketing"] = name_key(offer), True
    if row is not None:
        entry["offer"], entry["group"], entry["line"] = offer_keys(catalogue, row)
        entry["is_marketing"] = catalogue.is_marketing[row]
    entry["placement"] = placement_key(channel, placement)
    entry["channel"], entry["event"] = channel_code(channel), ContactEvent.DECISION
    return entry


def _heard(
    record: LogRecord, book: EventBook, catalogue: Catalogue
) -> Iterator[tuple[str, np.void]]:
    try:
        outcome = OUTCOMES.decode(record.payload or b"")
        entry = None if outcome.entry is None else np.frombuffer(outcome.entry, dtype=ENTRY)[0]
    except (ValueError, IndexError):  # the first is also what msgspec raises
        raise RecordUnreadable(
            f"this version cannot read record {record.seq} of writer {record.writer}: restore the"
            " log from its backup, or use the version that wrote it"
        ) from None
    if outcome.status == OutcomeStatus.QUARANTINED:
        yield from _heard_early(outcome, book, catalogue)
    elif entry is not None and outcome.customer_id is not None:
        yield outcome.customer_id, entry


def _heard_early(
    record: OutcomeRecord, book: EventBook, catalogue: Catalogue
) -> Iterator[tuple[str, np.void]]:
    """One that waited for its decision, if that is known by now and the reporter's to know."""
    outcome = record.outcome
    key = ulid_bytes(outcome.decision_id)
    found = book.find(key, kind=RecordKind.DECISION) if key else None
    if found is None or found.payload is None:
        return
    decided = decode_record(found.payload)
    customer, ahead = decided.inputs.customer_id, decided.at - decided.inputs.as_of
    places = [place for place, offers, _ in decided.outputs.slates if outcome.offer_id in offers]
    if places and record.reporter.may_see(customer):
        entry = _entry(decided, outcome.offer_id, places[0], catalogue)
        yield customer, outcome_entry(outcome, entry, clock_offset_seconds=ahead.total_seconds())
