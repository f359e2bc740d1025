"""One round trip: the customer's Feast hash, her consents, her contact history, the generation
marker, and the answer to her request if it was given already.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import Any

import hiredis

from feature_repo.contact_layout import answer_key, contact_key, decode_answer
from feature_repo.errors import StateUnreadable
from feature_repo.online_layout import consent_key, generation_key
from service.adapters.circuit_breaker import CircuitBreaker
from service.adapters.customer_decoder import CustomerDecoder
from service.adapters.redis_wire import RedisWire, WireError
from service.ports import CustomerRecord, RawReplies
from service.telemetry.logging import Log
from service.telemetry.metrics import Metrics

UNREACHABLE = CustomerRecord(reachable=False, is_loaded=False, features=None, consents=None)
WRONG_TYPE = "WRONGTYPE"
"""Redis' word for a key of one customer that holds something else: no outage."""


class RedisCustomerStore:
    """Reads what a load wrote for one bank; what cannot be believed comes back as unreachable."""

    def __init__(
        self,
        wire: RedisWire,
        *,
        bank: str,
        product_vocabulary: tuple[str, ...],
        metrics: Metrics,
        log: Log,
    ) -> None:
        self._wire, self._bank = wire, bank
        self._decoder = CustomerDecoder(bank, product_vocabulary)
        self._question = _QuestionFrame(self._decoder.reader.fields, generation_key(bank))
        self._breaker = CircuitBreaker()
        self._metrics, self._log = metrics, log
        self._last_result = "ok"

    async def read(
        self, customer_id: str, *, within_seconds: float, slot: bytes | None = None
    ) -> CustomerRecord:
        """One round trip; an absent, slow, broken or mixed-up store is `reachable=False`.

        After five failures in a row nobody waits: most reads fail at once, one per half second
        tries.
        """
        if not self._breaker.permits():
            self._metrics.customer_reads["short_circuited",].inc()
            return UNREACHABLE
        started = perf_counter()
        result, cause, record = "abandoned", "", UNREACHABLE
        try:
            replies = await self._replies(customer_id, slot, within_seconds)
            result, record = "ok", self._record(customer_id, replies)
        except WireError as error:
            result, cause = "unreachable", error.cause
        except (StateUnreadable, UnicodeError) as error:
            result, cause = "unreadable", type(error).__name__
        finally:
            self._metrics.customer_reads[result,].inc()
            self._metrics.customer_read_duration.observe(perf_counter() - started)
        self._note(result, cause)
        return record

    async def _replies(
        self, customer_id: str, slot: bytes | None, within_seconds: float
    ) -> list[Any]:
        """Raises `WireError` where the server, `StateUnreadable` where this customer is the
        trouble.
        """
        states = [consent_key(self._bank, customer_id), contact_key(self._bank, customer_id)]
        if slot is not None:
            states.append(answer_key(self._bank, customer_id, slot))
        packed = self._question.about(self._decoder.reader.key(customer_id), *states)
        replies = await self._wire.read(packed, 2 + len(states), within_seconds=within_seconds)
        for reply in replies:
            if isinstance(reply, hiredis.ReplyError):
                word = str(reply).partition(" ")[0]
                if word == WRONG_TYPE:
                    raise StateUnreadable("a key holds another type of value: load again")
                raise WireError(word)
        return replies

    def _record(self, customer_id: str, replies: list[Any]) -> CustomerRecord:
        values, consents, contacts, marker, *answers = replies
        raw = RawReplies(tuple(values), consents, contacts, marker)
        record = self._decoder.record(customer_id, raw)
        if not answers or answers[0] is None:
            return record
        return replace(record, kept=decode_answer(self._bank, customer_id, answers[0]))

    def _note(self, result: str, cause: str) -> None:
        """One line per change of state; what the server said may hold a key and is not told."""
        was_open = self._breaker.is_open
        if result == "unreachable":
            self._breaker.failed()
        else:
            self._breaker.succeeded()
        if self._breaker.is_open is not was_open:
            self._metrics.store_breakers_open.set(float(self._breaker.is_open))
        if result != self._last_result:
            self._last_result = result
            self._log.warning("online_store", result=result, cause=cause or None)


class _QuestionFrame:
    """The commands of a read as Redis takes them, all but the keys packed beforehand."""

    def __init__(self, fields: tuple[bytes, ...], marker_key: str) -> None:
        self._head = b"*%d\r\n$5\r\nHMGET\r\n" % (len(fields) + 2)
        self._fields = b"".join(b"$%d\r\n%b\r\n" % (len(field), field) for field in fields)
        self._marker = _getting(marker_key)

    def about(self, key: bytes, consents: str, contacts: str, *answers: str) -> bytes:
        """The bytes to send for one customer."""
        return b"%b$%d\r\n%b\r\n%b%b%b%b%b" % (
            self._head, len(key), key, self._fields, _getting(consents), _getting(contacts),
            self._marker, b"".join(map(_getting, answers)),
        )  # fmt: skip


def _getting(key: str) -> bytes:
    encoded = key.encode()
    return b"*2\r\n$3\r\nGET\r\n$%d\r\n%b\r\n" % (len(encoded), encoded)
