"""Decides a recorded decision again from its recorded inputs, under the versions of then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from feature_repo.errors import StateUnreadable
from service.domain.catalogue import Catalogue
from service.domain.ulid import ulid_bytes
from service.errors import DecisionUnknown, RecordGone
from service.ports import CustomerRecord, EventLog, RawReplies, Versions
from service.use_cases.commit_decision import degraded
from service.use_cases.deciding import DecisionResult, decide_in
from service.use_cases.decision_records import (
    DecisionRecord,
    RecordedInputs,
    RecordedOutputs,
    decode_record,
    recorded_ask,
    recorded_kills,
    recorded_outputs,
)
from service.use_cases.edition import Edition
from service.use_cases.know_customer import know_customer

VERDICTS = {True: "permitted", False: "denied"}
UNREACHABLE = CustomerRecord(reachable=False, is_loaded=False, features=None, consents=None)


class PastEditions(Protocol):
    """Catalogue, policy and bundle as they were."""

    async def open(self, versions: Versions) -> Edition:
        """The edition of these versions; `RecordGone` names what is no longer kept."""

    async def catalogue(self, versions: Versions) -> Catalogue:
        """The catalogue alone, whatever became of the bundle."""


class CustomerDecoder(Protocol):
    """From the store's raw values to what they say, without the store."""

    def record(self, customer_id: str, raw: RawReplies) -> CustomerRecord:
        """The record; `StateUnreadable` when values are damaged."""


@dataclass(frozen=True)
class Difference:
    """One thing that came out otherwise than recorded; `offer_id` None = the decision's own."""

    what: str
    recorded: str
    decided: str
    offer_id: str | None = None


@dataclass(frozen=True)
class DecidedAgain:
    """A record, and the decision made from its inputs now."""

    record: DecisionRecord
    edition: Edition
    result: DecisionResult


class RecordedDecisions:
    """Finds what is on record and makes it live again."""

    def __init__(self, log: EventLog, editions: PastEditions, decoder: CustomerDecoder) -> None:
        self._log, self._editions, self._decoder = log, editions, decoder

    def find(self, decision_id: str) -> DecisionRecord:
        """The record of a decision; `DecisionUnknown`, or `RecordGone` when it was erased."""
        key = ulid_bytes(decision_id)
        found = self._log.find(key) if key else None
        if found is None:
            raise DecisionUnknown("no such decision is on record")
        if found.payload is None:
            raise RecordGone("what was recorded of this decision has been erased")
        return decode_record(found.payload)

    async def again(self, record: DecisionRecord) -> DecidedAgain:
        """The same decision from the same inputs; what the record says came out is not read."""
        inputs = record.inputs
        edition = replace(
            await self._editions.open(record.versions),
            kills=recorded_kills(inputs),
            degraded_reasons=tuple(inputs.edition_reasons),
        )
        rows = edition.catalogue.row_of
        result = decide_in(
            edition,
            self._customer(inputs),
            recorded_ask(inputs),
            inputs.as_of,
            refused=frozenset(rows[offer] for offer in inputs.refused),
        )
        return DecidedAgain(record, edition, degraded(result, tuple(inputs.commit_reasons)))

    async def catalogue_of(self, record: DecisionRecord) -> Catalogue:
        """The catalogue a decision was made from; `RecordGone` when it is no longer kept."""
        return await self._editions.catalogue(record.versions)

    def time_zone_of(self, record: DecisionRecord) -> str | None:
        """The customer's time zone as it was read for a decision; None when nobody knew it."""
        try:
            customer = self._customer(record.inputs)
        except RecordGone:
            return None
        days = record.inputs.as_of.timestamp() / 86_400.0
        known = know_customer(customer, as_of_days=days, product_count=0, views_with_data=())
        return known.profile.time_zone

    def _customer(self, inputs: RecordedInputs) -> CustomerRecord:
        if not inputs.is_reachable:
            return UNREACHABLE
        raw = RawReplies(tuple(inputs.values), inputs.consents, inputs.contacts, None)
        try:
            decoded = self._decoder.record(inputs.customer_id, raw)
        except StateUnreadable:
            raise RecordGone(
                "what was read then belongs to another bank or set of products than live here now"
            ) from None
        return replace(decoded, is_loaded=inputs.is_loaded)


def differences(again: DecidedAgain) -> list[Difference]:
    """Where the decision of now departs from the recorded one; empty = equal to the bit."""
    recorded = again.record.outputs
    decided = recorded_outputs(again.result.decision, again.edition.catalogue)
    return list(_differences(recorded, decided, again.edition.catalogue.offer_ids))


def _differences(
    recorded: RecordedOutputs, decided: RecordedOutputs, offer_ids: tuple[str, ...]
) -> Iterator[Difference]:
    for name in ("rules", "scorer", "served_from", "degraded_reasons", "slates"):
        before, now = getattr(recorded, name), getattr(decided, name)
        if before != now:
            yield Difference(name, str(before), str(now))
    if recorded.rules == decided.rules:
        yield from _other_verdicts(recorded, decided, offer_ids)
    columns = {"propensity": (recorded.propensity, decided.propensity)}
    for name in recorded.factors.keys() | decided.factors.keys():
        columns[name] = (recorded.factors.get(name, b""), decided.factors.get(name, b""))
    for name, (before, now) in sorted(columns.items()):
        yield from _other_numbers(name, before, now, offer_ids)


def _other_verdicts(
    recorded: RecordedOutputs, decided: RecordedOutputs, offer_ids: tuple[str, ...]
) -> Iterator[Difference]:
    names, count = ["proposed", *recorded.rules], len(offer_ids)
    before = _judgements(recorded, len(recorded.rules), count)
    now = _judgements(decided, len(recorded.rules), count)
    for name, row in np.argwhere(before != now).tolist():
        recorded_word, decided_word = (VERDICTS[bool(it[name, row])] for it in (before, now))
        yield Difference(names[name], recorded_word, decided_word, offer_ids[row])


def _judgements(outputs: RecordedOutputs, rules: int, offers: int) -> NDArray[np.bool_]:
    """bool[1 + rules, offers]: what was proposed, then every rule's verdicts."""
    proposed = _flags(outputs.proposed, offers)
    verdicts = _flags(outputs.verdicts, rules * offers)
    return np.concatenate([proposed, verdicts]).reshape(1 + rules, offers)


def _other_numbers(
    name: str, before: bytes, now: bytes, offer_ids: tuple[str, ...]
) -> Iterator[Difference]:
    if before == now:
        return
    if len(before) != len(now) or len(now) != 8 * len(offer_ids):
        yield Difference(name, f"{len(before) // 8} numbers", f"{len(now) // 8} numbers")
        return
    old, new = np.frombuffer(before, "<f8"), np.frombuffer(now, "<f8")
    for row in np.flatnonzero(old.view("<u8") != new.view("<u8")).tolist():
        yield Difference(name, repr(float(old[row])), repr(float(new[row])), offer_ids[row])


def _flags(packed: bytes, count: int) -> NDArray[np.bool_]:
    """The first `count` bits; missing ones read as False."""
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=count)
    return bits.astype(np.bool_)
