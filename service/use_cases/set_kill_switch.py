"""Stop an offer, a group, a model or a channel at once, or lift that again: on record."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

import msgspec

from service.domain.catalogue import Catalogue
from service.domain.kill_switches import KillScope, KillState, KillSwitch
from service.errors import DependencyUnavailable, LogUnavailable, RequestInvalid
from service.ports import Clock, EventLog, ModelShelf, RecordKind

Done = TypeVar("Done")
MOST_NAMED = 50
"""Known ids an error lists."""
RETRY_SECONDS = 0.25


class KillSwitchStore(Protocol):
    """Where the state of the switches lies."""

    def read(self) -> KillState:
        """What is stopped now."""

    def change(self, edit: Callable[[KillState], KillState]) -> KillState:
        """Replace the state; durable and visible to every worker when it returns."""


@dataclass(frozen=True)
class KillCommand:
    """What to stop, or to let go on, and why; `principal` is whoever says so."""

    scope: KillScope
    id: str
    is_active: bool
    reason: str
    principal: str


class KillRecord(msgspec.Struct, frozen=True):
    """The payload of a record of kind kill_switch."""

    scope: KillScope
    id: str
    active: bool
    reason: str
    principal: str
    at: datetime


class SetKillSwitch:
    """A stop takes effect even where it cannot be recorded; nothing is lifted without a record."""

    def __init__(
        self,
        store: KillSwitchStore,
        log: EventLog,
        *,
        clock: Clock,
        catalogue: Callable[[], Catalogue],
        models: ModelShelf,
        follow: Callable[[], Awaitable[None]],
    ) -> None:
        self._store, self._log, self._clock = store, log, clock
        self._catalogue, self._models, self._follow = catalogue, models, follow
        self._owed: dict[tuple[KillScope, str], KillRecord] = {}
        # A thread of its own: a stop must not queue behind explanations and other long work.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="set-kill-switch")

    async def state(self) -> KillState:
        """What is stopped now."""
        return await self._apart(self._store.read)

    async def __call__(self, command: KillCommand) -> KillState:
        """The state afterwards, on disk and on record.

        Raises `RequestInvalid` for an id nobody knows, `DependencyUnavailable` when nothing could
        be changed, `LogUnavailable` when a stop is in force but not recorded: it is owed then.
        """
        await self._apart(partial(self._require_known, command))
        if not command.is_active:
            return await self._lift(command)
        state = await self._change(command)
        await self._record_stop(self._told(command))
        return state

    async def _lift(self, command: KillCommand) -> KillState:
        """Recorded first; where it then cannot be done, the stop goes on record again."""
        standing = await self._apart(partial(self._standing, command))
        await self._record(self._told(command))
        try:
            return await self._change(command)
        except DependencyUnavailable:
            if standing is not None:
                stop = replace(command, is_active=True, reason=standing.reason)
                told = self._told(replace(stop, principal=standing.principal))
                self._owed[told.scope, told.id] = told
            raise

    def _standing(self, command: KillCommand) -> KillSwitch | None:
        """The stop that is to be lifted, where it can be told."""
        with suppress(DependencyUnavailable):
            for switch in self._store.read().stopped:
                if (switch.scope, switch.id) == (command.scope, command.id):
                    return switch
        return None

    async def run(self) -> None:
        """Record the stops that are owed as soon as the log takes them, until cancelled."""
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            await self.catch_up()

    async def catch_up(self) -> None:
        """Record the stops that are in force without a record, as of their own instants."""
        for record in [*self._owed.values()]:
            with suppress(LogUnavailable):  # the log counts its failures itself
                await self._record(record)

    async def _record_stop(self, record: KillRecord) -> None:
        try:
            await self._record(record)
        except LogUnavailable as error:
            self._owed[record.scope, record.id] = record
            raise LogUnavailable(
                f"{record.scope} {record.id} is stopped in every worker, but that is not on record:"
                f" repeat the stop until it is answered with 200: {error}"
            ) from None

    async def _change(self, command: KillCommand) -> KillState:
        """Also in force in this worker when it returns; the others look within 250 ms."""
        edit = partial(self._edit, command=command)
        state = await self._apart(partial(self._store.change, edit))
        await self._follow()
        return state

    async def _apart(self, work: Callable[[], Done]) -> Done:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    def _edit(self, state: KillState, command: KillCommand) -> KillState:
        if not command.is_active:
            return state.lifting(command.scope, command.id)
        now = self._clock.now()
        return state.stopping(
            KillSwitch(command.scope, command.id, command.reason, command.principal, now)
        )

    def _told(self, command: KillCommand) -> KillRecord:
        return KillRecord(
            scope=command.scope,
            id=command.id,
            active=command.is_active,
            reason=command.reason,
            principal=command.principal,
            at=self._clock.now(),
        )

    async def _record(self, record: KillRecord) -> None:
        self._log.append(RecordKind.KILL_SWITCH, msgspec.json.encode(record))
        await self._log.settle()
        owed = self._owed.get((record.scope, record.id))
        if owed is not None and owed.at <= record.at:
            del self._owed[record.scope, record.id]

    def _require_known(self, command: KillCommand) -> None:
        """What is stopped may always be lifted, also when the catalogue no longer has it."""
        known = dict.fromkeys(self._known(command.scope))
        if command.id in known:
            return
        if not command.is_active and command.id in self._store.read().ids(command.scope):
            return
        named = [*known][:MOST_NAMED]
        more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
        raise RequestInvalid(
            f"unknown {command.scope}: use one of {', '.join(named) or '(there is none)'}{more}",
            pointer="/id",
        )

    def _known(self, scope: KillScope) -> Iterable[str]:
        catalogue = self._catalogue()
        if scope is KillScope.OFFER:
            return catalogue.offer_ids
        if scope is KillScope.GROUP:
            return catalogue.groups
        return self._models.ids() if scope is KillScope.MODEL else catalogue.policy.channels
