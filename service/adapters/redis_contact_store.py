"""Changes a customer's contact history and answers in Redis: one script call each, never twice."""

from __future__ import annotations

import asyncio
import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from time import perf_counter
from typing import Any, cast

import hiredis
import numpy as np

from feature_repo.contact_layout import (
    ANSWER_SECONDS,
    answer_head,
    answer_key,
    contact_header,
    contact_key,
)
from service.adapters.circuit_breaker import CircuitBreaker
from service.adapters.redis_wire import RedisWire, WireError
from service.domain.contact_policy import NO_CAPS, CapChecks, CapTerm, CapTerms, Counted, Scope
from service.ports import CommitResult, CommitStatus, NoteStatus, Reservation
from service.telemetry.logging import Log
from service.telemetry.metrics import Metrics

MOST_ENTRIES = 4_096
"""More than any cap allows; a history that cannot be kept shorter takes no reservation."""
SLACK_ENTRIES = 64
"""How many entries come in before what no rule asks for any more is dropped again."""
TAKE_BACK_SECONDS = 5.0
ANSWER_MILLISECONDS = str(int(ANSWER_SECONDS * 1_000))
RELEASE = "release"
UNREACHABLE = CommitResult(CommitStatus.UNREACHABLE)
NO_SCRIPT = "NOSCRIPT"
REFUSALS = {"NBOLOST": "lost", "NBODAMAGED": "unreadable"}
"""What the script says of one customer: no outage."""
SCOPES = {
    Scope.OFFER: 1,
    Scope.GROUP: 2,
    Scope.PRODUCT_LINE: 3,
    Scope.CHANNEL: 4,
    Scope.PLACEMENT: 5,
    Scope.ALL: 6,
}
COUNTS = {Counted.DECISION: 1, Counted.IMPRESSION: 2, Counted.CLICK: 3, Counted.OUTCOME: 4}

Arguments = Sequence[bytes | str]


class RedisContactStore:
    """The shared memory of one bank's customers; what Redis does not confirm did not happen."""

    def __init__(self, wire: RedisWire, *, bank: str, metrics: Metrics, log: Log) -> None:
        self._wire, self._bank = wire, bank
        self._metrics, self._log = metrics, log
        # A burst of outcomes must not stop decisions, nor a decision's short deadline the outcomes.
        decisions = _Reach("decisions")
        self._reach = {"commit": decisions, RELEASE: decisions, "note": _Reach("outcomes")}
        self._taking_back: set[asyncio.Task[None]] = set()

    async def commit(self, reservation: Reservation, *, within_seconds: float) -> CommitResult:
        """One round trip; a history that is missing, damaged or another's counts as unreachable."""
        head, content = self._answer(reservation)
        terms, entries = packed_terms(reservation.caps.terms), reservation.entries.tobytes()
        arguments = (_frame(reservation), terms, entries, head, content, ANSWER_MILLISECONDS)
        reply = await self._run("commit", reservation, arguments, within_seconds)
        if reply is None:
            self._take_back_later(reservation)
            return UNREACHABLE
        status = CommitStatus(reply[0].decode())
        if status is CommitStatus.ANSWERED:
            return CommitResult(status, content=reply[1])
        return CommitResult(status, capped=tuple(reply[1:]))

    async def release(self, reservation: Reservation, *, within_seconds: float) -> None:
        """Take back the reservations of this decision, and its answer if it still stands."""
        head, content = self._answer(reservation)
        arguments = (reservation.entries.tobytes(), head + content)
        await self._run(RELEASE, reservation, arguments, within_seconds)

    async def note(
        self,
        customer_id: str,
        entry: np.void,
        *,
        keep_seconds: float,
        within_seconds: float,
        caps: CapChecks = NO_CAPS,
    ) -> NoteStatus:
        """Append one outcome to the history; one that is missing is not begun."""
        entries = np.atleast_1d(np.asarray(entry))
        noted = Reservation(customer_id, float(entry["at"]), entries, caps, keep_seconds)
        arguments = (_frame(noted), packed_terms(caps.terms), entries.tobytes())
        reply = await self._run("note", noted, arguments, within_seconds)
        return NoteStatus.UNREACHABLE if reply is None else NoteStatus(reply[0].decode())

    def _take_back_later(self, reservation: Reservation) -> None:
        """A commit whose reply was lost may have been carried out: its answer must not be given to
        who asks again, for nobody recorded it. The next command on the connection takes it back.
        """
        task = asyncio.create_task(self.release(reservation, within_seconds=TAKE_BACK_SECONDS))
        self._taking_back.add(task)
        task.add_done_callback(self._taking_back.discard)

    def _answer(self, reservation: Reservation) -> tuple[bytes, bytes]:
        answer = reservation.answer
        if answer is None:
            return b"", b""
        return answer_head(self._bank, reservation.customer_id, answer.body), answer.content

    async def _run(
        self, operation: str, about: Reservation, arguments: Arguments, within_seconds: float
    ) -> list[Any] | None:
        """The script's answer; None when it did not give one."""
        reach = self._reach[operation]
        # Taking back is never skipped: what stands would be handed out to who asks again.
        if operation != RELEASE and not reach.breaker.permits():
            self._metrics.contact_writes[operation, "short_circuited"].inc()
            return None
        started = perf_counter()
        result, cause, reply = "abandoned", "", None
        try:
            reply = await self._reply(operation, about, arguments, within_seconds)
            result = reply[0].decode()
        except _Refused as error:
            result = error.result
        except WireError as error:
            result, cause = "unreachable", error.cause
        finally:
            self._metrics.contact_writes[operation, result].inc()
            self._metrics.contact_write_duration.observe(perf_counter() - started)
        self._observe(reach, result, cause)
        return reply

    async def _reply(
        self, operation: str, about: Reservation, arguments: Arguments, within_seconds: float
    ) -> list[Any]:
        """Raises `WireError` where the server, `_Refused` where this customer is the trouble."""
        deadline = asyncio.get_running_loop().time() + within_seconds
        bank, customer = self._bank, about.customer_id
        keys = [contact_key(bank, customer)]
        if about.answer is not None:
            keys.append(answer_key(bank, customer, about.answer.slot))
        call = (str(len(keys)), *keys, operation, contact_header(bank, customer), *arguments)
        script, digest = contact_script()
        reply = await self._send(("EVALSHA", digest, *call), within_seconds)
        if _word(reply) == NO_SCRIPT:  # a server that was started anew; nothing was carried out
            left = deadline - asyncio.get_running_loop().time()
            reply = await self._send(("EVAL", script, *call), left)
        if isinstance(reply, list):
            return reply
        word = _word(reply)
        raise _Refused(REFUSALS[word]) if word in REFUSALS else WireError(word)

    async def _send(self, command: Arguments, within_seconds: float) -> Any:
        packed = hiredis.pack_command(cast("Any", command))
        (reply,) = await self._wire.send(packed, 1, within_seconds=within_seconds)
        return reply

    def _observe(self, reach: _Reach, result: str, cause: str) -> None:
        """One line per change between reachable and not; what the server said may hold a key."""
        is_reached = result != "unreachable"
        if is_reached:
            reach.breaker.succeeded()
        else:
            reach.breaker.failed()
        told = "ok" if is_reached else result
        if told != reach.last_result:
            reach.last_result = told
            self._log.warning(
                "contact_store", result=told, used_for=reach.used_for, cause=cause or None
            )


@dataclass
class _Reach:
    """Whether the server answers those who need it for one purpose."""

    used_for: str
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    last_result: str = "ok"


class _Refused(Exception):
    """The server is well, this customer's history is not."""

    def __init__(self, result: str) -> None:
        super().__init__(result)
        self.result = result


@lru_cache(maxsize=16)
def packed_terms(terms: CapTerms) -> bytes:
    """The caps as the script reads them, without their starts."""
    return b"".join(map(_packed_term, terms.terms))


def _packed_term(term: CapTerm) -> bytes:
    kind, only = (SCOPES[term.scope], COUNTS[term.counts]), sorted(term.only)
    return struct.pack(f"<BBII{len(only)}I", *kind, max(term.limit, 0), len(only), *only)


@lru_cache(maxsize=1)
def contact_script() -> tuple[str, str]:
    """The script and the digest Redis knows it by, read once."""
    text = resources.files(__package__).joinpath("redis_contacts.lua").read_text("utf-8")
    return text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _frame(reservation: Reservation) -> bytes:
    """What changes with every reservation; the start of every cap comes last."""
    at, caps = (reservation.at, reservation.keep_seconds), reservation.caps
    flags = (reservation.must_exist, caps.terms.counts_decisions)
    frame = struct.pack("<ddBBII", *at, *flags, MOST_ENTRIES, SLACK_ENTRIES)
    return frame + caps.starts.tobytes()


def _word(reply: Any) -> str:
    """The first word of an error reply; what follows may hold a key."""
    is_error = isinstance(reply, hiredis.ReplyError)
    return str(reply).partition(" ")[0] if is_error else ""
