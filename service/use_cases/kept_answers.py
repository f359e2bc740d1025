"""Answers kept under a client's own request id: told again only when they are on record."""

from __future__ import annotations

import asyncio

import msgspec

from service.domain.ulid import ulid_bytes, ulid_seconds
from service.errors import RecordDamaged
from service.ports import NO_CAPS, Clock, ContactStore, EventLog, Reservation, StoredAnswer
from service.use_cases.commit_decision import AnswerSlot
from service.use_cases.know_customer import NO_CONTACTS

SOON_SECONDS = 2.0
"""A decision made so lately may still be on its way into the log of another worker."""
PATIENCE_SECONDS, PAUSE_SECONDS = 0.25, 0.005


class _Named(msgspec.Struct):
    offer_id: str


class _Place(msgspec.Struct):
    offers: list[_Named] = []


class _KeptAnswer(msgspec.Struct):
    decision_id: str
    placements: list[_Place] = []


def offers_in(content: bytes) -> frozenset[str]:
    """The offers a kept answer makes; none in what is no answer of this version."""
    try:
        kept = msgspec.json.decode(content, type=_KeptAnswer)
    except msgspec.DecodeError:
        return frozenset()
    return frozenset(offer.offer_id for place in kept.placements for offer in place.offers)


class KeptAnswers:
    """Asks the log for the decision in a kept answer. A worker that died, or could not write,
    between its commit and its record has told nobody, and nobody else may tell it.
    """

    def __init__(self, log: EventLog, contacts: ContactStore, clock: Clock) -> None:
        self._log, self._contacts, self._clock = log, contacts, clock

    async def is_on_record(self, content: bytes) -> bool:
        """Whether the answer may be told again; waits a moment for a decision just being made."""
        try:
            decision_id = msgspec.json.decode(content, type=_KeptAnswer).decision_id
        except msgspec.DecodeError:
            return True
        key, made = ulid_bytes(decision_id), ulid_seconds(decision_id)
        if key is None or made is None:
            return True
        is_young = self._clock.now().timestamp() - made < SOON_SECONDS
        looks = 1 + int(PATIENCE_SECONDS / PAUSE_SECONDS) * is_young
        for look in range(looks):
            if look:
                await asyncio.sleep(PAUSE_SECONDS)
            if await asyncio.to_thread(self._is_found, key):
                return True
        return False

    async def take_back(
        self, customer_id: str, slot: AnswerSlot, content: bytes, *, within_seconds: float
    ) -> None:
        """Free the request id, unless something else stands under it by now."""
        answer = StoredAnswer(slot.slot, slot.body, content)
        nothing = Reservation(customer_id, 0.0, NO_CONTACTS, NO_CAPS, 0.0, answer)
        await self._contacts.release(nothing, within_seconds=within_seconds)

    def _is_found(self, key: bytes) -> bool:
        """A record that can no longer be read was written all the same."""
        try:
            return self._log.find(key) is not None
        except (RecordDamaged, OSError):
            return True
