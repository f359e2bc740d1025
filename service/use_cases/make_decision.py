"""One decision, end to end: read once, decide, commit, record, tell the sinks."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import perf_counter

from msgspec import structs

from service.domain.decision import NoOfferReason, Rung
from service.domain.kill_switches import killed_rows
from service.domain.reasons import Audience
from service.domain.ulid import new_ulid, ulid_bytes
from service.errors import LogUnavailable, RequestConflict
from service.pipeline.stages import Sink
from service.ports import (
    Clock,
    ContactStore,
    CustomerRecord,
    CustomerStore,
    DecisionObserver,
    EventLog,
    RecordKind,
)
from service.use_cases.commit_decision import (
    NOT_IDEMPOTENT,
    AnswerSlot,
    CommitDecision,
    Committed,
    Draft,
    degraded,
)
from service.use_cases.deciding import DecisionResult, decide_in
from service.use_cases.decision_command import Answered, Compose, DecisionCommand, Identity
from service.use_cases.decision_records import (
    DecisionRecord,
    encode_record,
    recorded_inputs,
    recorded_outputs,
)
from service.use_cases.edition import Edition
from service.use_cases.kept_answers import KeptAnswers, offers_in
from service.use_cases.tell_reasons import tell_reasons

ARM = "champion"
MOST_EARLIER = 2
"""How often an answer that nobody recorded may stand in the way of one decision."""


@dataclass(frozen=True)
class Surroundings:
    """What a decision touches outside itself."""

    store: CustomerStore
    contacts: ContactStore
    log: EventLog
    clock: Clock
    observer: DecisionObserver


class MakeDecision:
    """Answers "which offers, in what order, for this customer, in this channel, now?"."""

    def __init__(
        self,
        around: Surroundings,
        *,
        sinks: tuple[Sink, ...],
        edition: Edition,
        state_deadline_seconds: float,
    ) -> None:
        self._store, self._contacts, self._log = around.store, around.contacts, around.log
        self._clock, self._observer, self._sinks = around.clock, around.observer, sinks
        self._commit = CommitDecision(around.contacts)
        self._kept = KeptAnswers(around.log, around.contacts, around.clock)
        self._state_deadline_seconds = state_deadline_seconds
        self._explaining = ThreadPoolExecutor(1, thread_name_prefix="reasons")
        self.edition = edition

    async def __call__(self, command: DecisionCommand, compose: Compose) -> Answered:
        """Decide for one customer; a store that cannot be read or written costs her offers, never
        the answer. `RequestConflict` when her request id was used for something else.
        """
        started = perf_counter()
        slot = command.slot.slot if command.slot else None
        record = await self._store.read(
            command.customer_id, within_seconds=self._state_deadline_seconds, slot=slot
        )
        edition, now = self._edition_for(command), self._clock.now()
        decision_id = new_ulid(now)
        identity = Identity(decision_id, command.request_id or new_ulid(now), now)
        if record.kept is not None and command.slot is not None:
            if record.kept.body != command.slot.body:
                raise RequestConflict
            if await self._stands(record.kept.content, edition, command.ask.channel):
                return Answered(record.kept.content, identity, None)
            await self._take_back(command.customer_id, command.slot, record.kept.content)
        result = decide_in(edition, record, command.ask, self._clock.as_of())
        if command.audience is not None:
            result = await self._told(edition, result, command.audience)
        draft = Draft(
            command.customer_id,
            decision_id,
            edition,
            result,
            command.slot,
            lambda decided: compose(decided, identity),
        )
        if command.is_dry_run:
            self._observe_failures(result)
            return Answered(draft.compose(result), identity, result)
        committed = await self._first(draft, record)
        if committed.is_earlier:
            return Answered(committed.content, identity, None)
        committed = await self._recorded(command, draft, record, committed, identity, started)
        self._observe_failures(committed.result)
        self._tell_sinks(committed.result)
        return Answered(committed.content, identity, committed.result)

    def _edition_for(self, command: DecisionCommand) -> Edition:
        """The one the request was checked against, without what has been stopped since."""
        asked, current = command.edition or self.edition, self.edition
        return asked if asked.kills is current.kills else replace(asked, kills=current.kills)

    async def _told(
        self, edition: Edition, result: DecisionResult, audience: Audience
    ) -> DecisionResult:
        """The decision with reasons; one that cannot be explained is made all the same."""
        loop = asyncio.get_running_loop()
        try:
            told = await loop.run_in_executor(
                self._explaining, tell_reasons, edition, result, audience
            )
        except Exception:  # noqa: BLE001 - an explanation never costs the customer her answer
            self._observer.stage_failed("reasons", audience)
            return result
        return structs.replace(result, reasons=told)

    async def _first(self, draft: Draft, record: CustomerRecord) -> Committed:
        """The commit; an earlier answer under the same request id stands if it is on record."""
        for _ in range(MOST_EARLIER):
            committed = await self._committed(draft, record)
            channel = draft.result.situation.ask.channel
            if not committed.is_earlier or await self._stands(
                committed.content, draft.edition, channel
            ):
                return committed
            if draft.slot is not None:
                await self._take_back(draft.customer_id, draft.slot, committed.content)
        return self._commit.uncommitted(draft)

    async def _stands(self, content: bytes, edition: Edition, channel: str) -> bool:
        """Whether an answer given before may be given again: a promise to say the same binds until
        somebody stops an offer in it.
        """
        stopped = killed_rows(edition.kills, edition.catalogue, channel)
        row_of = edition.catalogue.row_of
        if any(stopped[row_of[offer]] for offer in offers_in(content) if offer in row_of):
            return False
        return await self._kept.is_on_record(content)

    async def _take_back(self, customer_id: str, slot: AnswerSlot, content: bytes) -> None:
        await self._kept.take_back(
            customer_id, slot, content, within_seconds=self._state_deadline_seconds
        )

    async def _committed(self, draft: Draft, record: CustomerRecord) -> Committed:
        """The commit has a deadline of its own: what the read took is, under load, above all the
        wait for other decisions' turns. A store that could not be read is not asked again.
        """
        if not record.reachable:
            reasons = NOT_IDEMPOTENT if draft.slot else ()
            result = degraded(draft.result, reasons)
            return Committed(result, draft.compose(result), reasons=reasons)
        return await self._commit(draft, within_seconds=self._state_deadline_seconds)

    async def _recorded(
        self,
        command: DecisionCommand,
        draft: Draft,
        record: CustomerRecord,
        committed: Committed,
        identity: Identity,
        started: float,
    ) -> Committed:
        """The same once it is on record; what cannot be recorded is not offered."""
        payload = encode_record(
            DecisionRecord(
                decision_id=identity.decision_id,
                request_id=identity.request_id,
                at=identity.now,
                principal=command.principal,
                on_behalf_of=command.on_behalf_of,
                arm=ARM,
                versions=committed.result.versions,
                offers=len(draft.edition.catalogue),
                latency_us=int((perf_counter() - started) * 1e6),
                inputs=recorded_inputs(
                    command.customer_id,
                    committed.result,
                    record,
                    edition_reasons=draft.edition.degraded_reasons,
                    commit_reasons=committed.reasons,
                ),
                outputs=recorded_outputs(committed.result.decision, draft.edition.catalogue),
            )
        )
        try:
            self._log.append(
                RecordKind.DECISION, payload, key=ulid_bytes(identity.decision_id) or b""
            )
        except LogUnavailable:
            if committed.reservation is not None:
                await self._contacts.release(
                    committed.reservation, within_seconds=self._state_deadline_seconds
                )
            result = _silenced(committed.result)
            return Committed(result, draft.compose(result))
        return committed

    def _observe_failures(self, result: DecisionResult) -> None:
        for stage, failed in result.trace.failures:
            self._observer.stage_failed(stage, failed)

    def _tell_sinks(self, result: DecisionResult) -> None:
        for sink in self._sinks:
            try:
                sink.receive(result.situation, result.decision)
            except Exception:  # noqa: BLE001 - a sink never costs the customer her answer
                self._observer.stage_failed("sink", sink.name)


def _silenced(result: DecisionResult) -> DecisionResult:
    """The decision without any offer, because it could not be put on record."""
    silent = tuple(
        replace(slate, rows=(), no_offer_reason=NoOfferReason.LOG_UNAVAILABLE)
        for slate in result.decision.slates
    )
    decision = result.decision._replace(rung=Rung.NO_OFFER, slates=silent)
    return degraded(structs.replace(result, decision=decision), ("log_unavailable",))
