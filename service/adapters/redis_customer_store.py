"""One round trip: the customer's Feast hash, her consents and the generation marker."""

from __future__ import annotations

from time import perf_counter
from typing import Any, cast

import hiredis

from feature_repo.contract import contract_digest
from feature_repo.errors import StateUnreadable
from feature_repo.online_layout import (
    consent_key,
    decode_consents,
    decode_generation,
    generation_key,
)
from service.adapters.circuit_breaker import CircuitBreaker
from service.adapters.feast_layout_reader import FeastLayoutReader
from service.adapters.redis_wire import RedisWire, WireError
from service.domain.consent import ConsentRecord, ConsentStatus
from service.ports import CustomerRecord
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
        self._wire, self._bank, self._vocabulary = wire, bank, list(product_vocabulary)
        self._reader = FeastLayoutReader(bank, len(product_vocabulary))
        self._question = _QuestionFrame(self._reader.fields, generation_key(bank))
        self._contract = contract_digest()
        self._breaker = CircuitBreaker()
        self._metrics, self._log = metrics, log
        self._last_result = "ok"
        self._marker: tuple[bytes | None, bool] = (None, False)

    async def read(self, customer_id: str, *, within_seconds: float) -> CustomerRecord:
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
            replies = await self._replies(customer_id, within_seconds)
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

    async def _replies(self, customer_id: str, within_seconds: float) -> list[Any]:
        """Raises `WireError` where the server, `StateUnreadable` where this customer is the
        trouble.
        """
        key, state_key = self._reader.key(customer_id), consent_key(self._bank, customer_id)
        packed = self._question.about(key, state_key)
        replies = await self._wire.read(packed, 3, within_seconds=within_seconds)
        for reply in replies:
            if isinstance(reply, hiredis.ReplyError):
                word = str(reply).partition(" ")[0]
                if word == WRONG_TYPE:
                    raise StateUnreadable("a key holds another type of value: load again")
                raise WireError(word)
        return replies

    def _record(self, customer_id: str, replies: list[Any]) -> CustomerRecord:
        values, state, marker = replies
        consents = self._consents(customer_id, state)
        if all(value is None for value in values):
            return CustomerRecord(True, self._is_loaded(marker), None, consents)
        decoded = self._reader.decode(values)
        return CustomerRecord(
            reachable=True,
            is_loaded=self._is_loaded(marker),
            features=decoded.raw,
            consents=consents,
            undecodable_views=decoded.undecodable,
        )

    def _consents(self, customer_id: str, state: bytes | None) -> ConsentRecord | None:
        if state is None:
            return None
        recorded = decode_consents(self._bank, customer_id, state)
        return ConsentRecord({key: ConsentStatus(status) for key, status in recorded.items()})

    def _is_loaded(self, marker: bytes | None) -> bool:
        """Loaded means: for this bank, under our contract, lists in our vocabulary's order.

        The verdict on the last marker is kept: almost every read brings the same bytes.
        """
        if self._marker[0] is None or marker != self._marker[0]:
            self._marker = (marker, self._fits(marker))
        return self._marker[1]

    def _fits(self, marker: bytes | None) -> bool:
        if marker is None:
            return False
        standing = decode_generation(self._bank, marker)
        same_products = standing.product_vocabulary == self._vocabulary
        return same_products and standing.contract == self._contract

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
    """The three commands of a read as Redis takes them, all but the keys packed beforehand."""

    def __init__(self, fields: tuple[bytes, ...], marker_key: str) -> None:
        self._head = b"*%d\r\n$5\r\nHMGET\r\n" % (len(fields) + 2)
        self._fields = b"".join(b"$%d\r\n%b\r\n" % (len(field), field) for field in fields)
        self._fields += b"*2\r\n$3\r\nGET\r\n"
        self._tail = hiredis.pack_command(cast("Any", ("GET", marker_key)))

    def about(self, key: bytes, state_key: str) -> bytes:
        """The bytes to send for one customer."""
        state = state_key.encode()
        return b"%b$%d\r\n%b\r\n%b$%d\r\n%b\r\n%b" % (
            self._head, len(key), key, self._fields, len(state), state, self._tail,
        )  # fmt: skip
