"""Kill switches: what a stop does, where it lies, and that nothing lifts one by accident."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.adapters.kill_switch_file import FILE, KillSwitchFile
from service.domain.kill_switches import (
    NOTHING_KILLED,
    KillScope,
    KillState,
    KillSwitch,
    KillSwitches,
    killed_rows,
)
from service.errors import DependencyUnavailable, LogUnavailable, RequestInvalid
from service.use_cases.follow_kill_switches import FollowKillSwitches
from service.use_cases.set_kill_switch import KillCommand, SetKillSwitch
from service.use_cases.stops_on_record import stops_on_record
from tests.fake_memory import MemoryLog
from tests.fakes import FakeModelShelf, FixedClock
from tests.worlds import OFFERS, toy_catalogue

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


@dataclass
class Control:
    """The use case on a real file, and what the worker adopted."""

    folder: Path
    log: MemoryLog = field(default_factory=MemoryLog)
    adopted: list[KillState] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.file = KillSwitchFile(self.folder)
        self.follow = FollowKillSwitches(self.file, adopt=self.adopted.append)
        self.use_case = SetKillSwitch(
            self.file,
            self.log,
            clock=FixedClock(),
            catalogue=toy_catalogue,
            models=FakeModelShelf(),
            follow=self.follow.look,
        )

    def set(self, scope: str, name: str, *, active: bool = True) -> KillState:
        command = KillCommand(KillScope(scope), name, active, "why", "duty officer")
        return asyncio.run(self.use_case(command))


@pytest.fixture
def control(tmp_path: Path) -> Control:
    return Control(tmp_path / "policy")


def switch(name: str, scope: KillScope = KillScope.OFFER) -> KillSwitch:
    return KillSwitch(scope, name, "why", "duty officer", NOW)


def test_a_state_is_what_was_stopped_and_not_lifted() -> None:
    state = KillState().stopping(switch("a")).stopping(switch("g", KillScope.GROUP))
    assert state.switches == KillSwitches(offers=frozenset({"a"}), groups=frozenset({"g"}))
    assert state.lifting(KillScope.OFFER, "g").switches == state.switches
    lifted = state.lifting(KillScope.OFFER, "a").lifting(KillScope.GROUP, "g")
    assert lifted.switches is NOTHING_KILLED
    assert lifted.version == 4


def test_stopping_again_keeps_the_first_instant_and_the_last_reason() -> None:
    later = KillSwitch(KillScope.OFFER, "a", "another", "somebody", NOW.replace(hour=13))
    (known,) = KillState().stopping(switch("a")).stopping(later).stopped
    assert (known.since, known.reason, known.principal) == (NOW, "another", "somebody")


def test_a_stop_takes_exactly_its_offers() -> None:
    catalogue = toy_catalogue()

    def stopped(**names: frozenset[str]) -> set[str]:
        rows = killed_rows(KillSwitches(**names), catalogue, "sms")
        return {OFFERS[row] for row in range(len(OFFERS)) if rows[row]}

    already = stopped()
    assert stopped(offers=frozenset({OFFERS[0]})) == already | {OFFERS[0]}
    group = catalogue.groups[0]
    of_group = {o for o, g in zip(OFFERS, catalogue.groups, strict=True) if g == group}
    assert stopped(groups=frozenset({group})) == already | of_group
    assert stopped(channels=frozenset({"sms"})) == set(OFFERS)
    assert stopped(channels=frozenset({"mobile_app"})) == already


@pytest.mark.parametrize(
    ("scope", "name"),
    [("offer", OFFERS[0]), ("group", "lending"), ("channel", "sms"), ("model", "toy-1")],
)
def test_a_stop_is_on_disk_on_record_and_in_force_when_it_is_answered(
    control: Control, scope: str, name: str
) -> None:
    state = control.set(scope, name)
    assert KillSwitchFile(control.folder).read() == state
    assert [one.id for one in state.stopped] == [name]
    (record,) = control.log.kill_records
    assert (record.scope, record.id, record.active) == (scope, name, True)
    assert (record.principal, record.reason) == ("duty officer", "why")
    assert control.log.settled == 1
    assert control.adopted == [state]
    assert control.set(scope, name, active=False).stopped == ()
    assert [record.active for record in control.log.kill_records] == [True, False]
    assert control.adopted[-1].switches is NOTHING_KILLED


@pytest.mark.parametrize("scope", list(KillScope))
def test_an_unknown_id_is_refused_with_the_known_ones(control: Control, scope: KillScope) -> None:
    known = {"offer": OFFERS[0], "group": "lending", "model": "toy-0", "channel": "sms"}
    with pytest.raises(RequestInvalid, match=f"unknown {scope}: use one of .*{known[scope]}"):
        control.set(scope, "typo")
    assert control.log.kill_records == []


def test_what_the_catalogue_no_longer_has_can_still_be_lifted(control: Control) -> None:
    control.file.change(lambda state: state.stopping(switch("gone_offer")))
    assert control.set("offer", "gone_offer", active=False).stopped == ()


def test_a_stop_takes_effect_without_a_record_and_nothing_is_lifted_without_one(
    control: Control,
) -> None:
    control.log.is_full = True
    with pytest.raises(LogUnavailable, match=f"{OFFERS[0]} is stopped .* repeat the stop until"):
        control.set("offer", OFFERS[0])
    assert control.adopted[-1].ids(KillScope.OFFER) == {OFFERS[0]}
    with pytest.raises(LogUnavailable):
        control.set("offer", OFFERS[0], active=False)
    assert control.file.read().ids(KillScope.OFFER) == {OFFERS[0]}


def test_a_stop_without_a_record_gets_one_when_the_log_is_back(control: Control) -> None:
    control.log.is_full = True
    for name in (OFFERS[0], OFFERS[0], OFFERS[1]):
        with pytest.raises(LogUnavailable):
            control.set("offer", name)
    asyncio.run(control.use_case.catch_up())
    assert control.log.kill_records == []
    control.log.is_full = False
    control.set("offer", OFFERS[1], active=False)
    for _ in range(2):
        asyncio.run(control.use_case.catch_up())
    told = [(record.id, record.active) for record in control.log.kill_records]
    assert told == [(OFFERS[1], False), (OFFERS[0], True)]
    assert control.log.settled == 2


def test_many_writers_at_once_lose_no_stop(tmp_path: Path) -> None:
    async def live() -> None:
        files = [KillSwitchFile(tmp_path) for _ in range(4)]
        edits = [
            asyncio.to_thread(files[n % 4].change, lambda s, n=n: s.stopping(switch(str(n))))
            for n in range(40)
        ]
        await asyncio.gather(*edits)

    asyncio.run(live())
    state = KillSwitchFile(tmp_path).read()
    assert state.ids(KillScope.OFFER) == {str(n) for n in range(40)}
    assert state.version == 40


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGE = {"truncated": truncate, "empty": empty, "deleted": Path.unlink}


@pytest.mark.parametrize("spoil", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_file_lifts_nothing_and_the_next_stop_mends_it(
    control: Control, spoil: Callable[[Path], None]
) -> None:
    control.set("offer", OFFERS[0])
    spoil(control.folder / FILE)
    with pytest.raises(DependencyUnavailable, match=r"kill_switches\.json is (damaged|gone)"):
        asyncio.run(control.follow.look())
    assert control.adopted[-1].ids(KillScope.OFFER) == {OFFERS[0]}
    control.set("channel", "sms")
    mended = KillSwitchFile(control.folder).read().switches
    assert mended == KillSwitches(offers=frozenset({OFFERS[0]}), channels=frozenset({"sms"}))
    assert control.adopted[-1].switches == mended


def test_a_file_made_by_somebody_who_knew_less_is_overruled(control: Control) -> None:
    """A worker that started without the file made it from a log that lacks a stop."""
    control.set("offer", OFFERS[0])
    control.set("channel", "sms")
    (control.folder / FILE).unlink()
    KillSwitchFile(control.folder).ensure(lambda: KillState().stopping(switch(OFFERS[0])))
    asyncio.run(control.follow.look())
    both = KillSwitches(offers=frozenset({OFFERS[0]}), channels=frozenset({"sms"}))
    assert control.adopted[-1].switches == both
    assert KillSwitchFile(control.folder).read().switches == both


def test_a_lift_that_could_not_be_done_leaves_the_stop_on_record(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    control.set("offer", OFFERS[0])

    def full(edit: object) -> KillState:
        raise DependencyUnavailable("no space")

    monkeypatch.setattr(control.file, "change", full)
    with pytest.raises(DependencyUnavailable, match="no space"):
        control.set("offer", OFFERS[0], active=False)
    asyncio.run(control.use_case.catch_up())
    assert stops_on_record(control.log.records).ids(KillScope.OFFER) == {OFFERS[0]}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 1, "stopped": [{}]}'])
def test_a_service_does_not_start_on_a_damaged_file(control: Control, content: bytes) -> None:
    control.folder.mkdir()
    (control.folder / FILE).write_bytes(content)
    with pytest.raises(DependencyUnavailable, match="is damaged: restore it"):
        asyncio.run(control.follow.start())
    with pytest.raises(DependencyUnavailable):
        control.set("offer", OFFERS[0])


def test_a_home_that_never_stopped_anything_needs_no_file(control: Control) -> None:
    asyncio.run(control.follow.start())
    assert control.adopted == [KillState()]
    assert not control.folder.exists()


def test_a_file_that_cannot_be_written_is_a_clear_error(control: Control) -> None:
    control.folder.parent.mkdir(exist_ok=True)
    control.folder.write_bytes(b"in the way")
    with pytest.raises(DependencyUnavailable, match="mend access to NBO_HOME"):
        control.set("offer", OFFERS[0])


def test_what_is_owed_is_put_on_record_beside_the_answers(control: Control) -> None:
    async def live() -> None:
        control.log.is_full = True
        with pytest.raises(LogUnavailable):
            await control.use_case(
                KillCommand(KillScope.OFFER, OFFERS[0], True, "why", "duty officer")
            )
        running = asyncio.create_task(control.use_case.run())
        control.log.is_full = False
        async with asyncio.timeout(30):
            while not control.log.kill_records:
                await asyncio.sleep(0.01)
        running.cancel()

    asyncio.run(live())


def test_another_worker_follows_within_a_second(control: Control) -> None:
    async def live() -> float:
        seen = asyncio.Event()
        other = FollowKillSwitches(
            KillSwitchFile(control.folder),
            adopt=lambda state: seen.set() if state.stopped else None,
        )
        await other.start()
        running = asyncio.create_task(other.run())
        begun = asyncio.get_running_loop().time()
        await asyncio.to_thread(control.file.change, lambda state: state.stopping(switch("x")))
        await asyncio.wait_for(seen.wait(), 30)
        running.cancel()
        return asyncio.get_running_loop().time() - begun

    assert asyncio.run(live()) < 1.0


def test_a_stop_does_not_queue_behind_other_work_in_threads(control: Control) -> None:
    async def live() -> None:
        over = threading.Event()
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        busy = asyncio.create_task(asyncio.to_thread(over.wait, 30))
        await asyncio.sleep(0)
        try:
            command = KillCommand(KillScope.OFFER, OFFERS[0], True, "why", "duty officer")
            await asyncio.wait_for(control.use_case(command), 10)
        finally:
            over.set()
            await busy
        assert control.adopted[-1].ids(KillScope.OFFER) == {OFFERS[0]}

    asyncio.run(live())
