"""The measuring itself: peers take turns within every round, so that slow minutes hit them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from benchmarks.load import generate
from benchmarks.load_job import LoadJob
from benchmarks.measurements import Measurement, Phase
from benchmarks.peers import COMPILED, NAIVE, PLAIN
from benchmarks.plan import Plan
from benchmarks.running_peer import RunningPeer

SUSTAINABLE_SHARE = 0.85
"""A peer asked for more than this share of its closed-loop throughput would only build a queue."""

Say = Callable[[str], None]


class Rounds:
    """Measures running peers phase by phase and keeps every single result."""

    def __init__(
        self, peers: Sequence[RunningPeer], plan: Plan, *, redis_pid: int, say: Say
    ) -> None:
        self._peers = {running.peer.name: running for running in peers}
        self._plan, self._redis_pid, self._say = plan, redis_pid, say
        self.measurements: list[Measurement] = []
        self.notes: list[str] = []

    def run(self) -> None:
        """All phases, each in as many rounds as planned."""
        phases: tuple[Phase, ...] = ("closed", "single")
        for phase in phases:
            for number in range(self._plan.rounds):
                for name in self._peers:
                    self._measure(name, phase, number)
        self._open_loops()

    def _open_loops(self) -> None:
        plan, naive = self._plan, self._closed(NAIVE)
        shared: dict[Phase, float] = {
            "open_common": plan.open_share * naive,
            "open_busy": plan.busy_share * naive,
        }
        runs = [
            (name, phase, rate)
            for phase, rate in shared.items()
            for name in self._peers
            if self._can_sustain(name, rate)
        ]
        own: Phase = "open_own"
        runs += [
            (name, own, plan.open_share * self._closed(name))
            for name in (PLAIN, COMPILED)
            if name in self._peers
        ]
        for number in range(plan.rounds):
            for name, phase, rate in runs:
                self._measure(name, phase, number, rate)

    def _can_sustain(self, name: str, rate: float) -> bool:
        can = rate <= SUSTAINABLE_SHARE * self._closed(name)
        if not can:
            self.notes.append(
                f"{self._peers[name].peer.title}: no open loop at {rate:.0f}/s,"
                f" its closed-loop throughput is {self._closed(name):.0f}/s"
            )
        return can

    def _closed(self, name: str) -> float:
        return median(
            m.result.answers_per_second
            for m in self.measurements
            if (m.peer, m.phase) == (name, "closed")
        )

    def _measure(self, name: str, phase: Phase, number: int, rate: float | None = None) -> None:
        running, plan = self._peers[name], self._plan
        seconds = {"closed": plan.closed_seconds, "single": plan.single_seconds}
        job = LoadJob(
            target=running.peer.target,
            port=running.peer.port,
            customers=plan.customers,
            seconds=seconds.get(phase, plan.open_seconds),
            warm_up_seconds=plan.warm_up_seconds,
            connections=1 if phase == "single" else plan.connections,
            rate=rate,
            token=running.peer.token,
            watched={"peer": running.pids(), "redis": [self._redis_pid]},
        )
        result = generate(job)
        self.measurements.append(Measurement(name, phase, number, rate, result))
        if result.warm_up_errors:
            self.notes.append(
                f"{running.peer.title}: in a warm-up of {phase} {result.warm_up_errors}"
            )
        wrong = f", errors {result.errors}" if result.errors else ""
        p50 = f"{result.latency_ms.p50:.2f} ms" if result.latency_ms else "no answer"
        self._say(
            f"round {number + 1} {phase} {running.peer.title}:"
            f" {result.answers_per_second:.0f}/s, p50 {p50}{wrong}"
        )
