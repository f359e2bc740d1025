"""What was measured, round by round, and the median of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from statistics import median
from typing import Literal

import msgspec

from benchmarks.load_job import Latency, LoadResult

Phase = Literal["closed", "single", "open_common", "open_busy", "open_own"]


class Measurement(msgspec.Struct, frozen=True):
    """One load run."""

    peer: str
    phase: Phase
    round: int
    rate: float | None
    result: LoadResult


class Spread(msgspec.Struct, frozen=True):
    """The median over the rounds, and between which values they lay."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of some values."""
        return cls(median(values), min(values), max(values))


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One peer in one phase over all rounds; processor time is per right answer."""

    peer: str
    phase: Phase
    rate: float | None
    answers: int
    errors: dict[str, int]
    answers_per_second: Spread
    p50_ms: Spread
    p95_ms: Spread
    p99_ms: Spread
    p999_ms: Spread
    peer_processor_ms: Spread
    redis_processor_ms: Spread
    generator_cpu_share: float
    late_sends: int
    waited_for_connection: int


def summaries(measurements: Sequence[Measurement]) -> list[Summary]:
    """One summary per peer and phase, in the order they were first measured."""
    kinds = dict.fromkeys((m.peer, m.phase) for m in measurements)
    return [_summary([m for m in measurements if (m.peer, m.phase) == kind]) for kind in kinds]


def summary_of(found: Sequence[Summary], peer: str, phase: Phase) -> Summary | None:
    """The one of this peer and phase, None when it was not measured."""
    return next((s for s in found if (s.peer, s.phase) == (peer, phase)), None)


def _summary(runs: list[Measurement]) -> Summary:
    results = [run.result for run in runs]
    errors: Counter[str] = Counter()
    for result in results:
        errors.update(result.errors)
    return Summary(
        peer=runs[0].peer,
        phase=runs[0].phase,
        rate=runs[0].rate,
        answers=sum(result.answers for result in results),
        errors=dict(errors),
        answers_per_second=Spread.of([result.answers_per_second for result in results]),
        p50_ms=_latency(results, lambda latency: latency.p50),
        p95_ms=_latency(results, lambda latency: latency.p95),
        p99_ms=_latency(results, lambda latency: latency.p99),
        p999_ms=_latency(results, lambda latency: latency.p999),
        peer_processor_ms=_processor(results, "peer"),
        redis_processor_ms=_processor(results, "redis"),
        generator_cpu_share=max(result.generator_cpu_share for result in results),
        late_sends=sum(result.late_sends for result in results),
        waited_for_connection=sum(result.waited_for_connection for result in results),
    )


def _latency(results: list[LoadResult], pick: Callable[[Latency], float]) -> Spread:
    known = [pick(result.latency_ms) for result in results if result.latency_ms]
    return Spread.of(known or [float("nan")])


def _processor(results: list[LoadResult], name: str) -> Spread:
    return Spread.of(
        [
            1e3 * result.processor_seconds.get(name, 0.0) / max(result.answers, 1)
            for result in results
        ]
    )
