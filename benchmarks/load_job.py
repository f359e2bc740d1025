"""What a load generator is told to do, and what it says it saw."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.questions import Target


class LoadJob(msgspec.Struct, frozen=True, kw_only=True):
    """One run against one port; with a `rate` (requests a second) the loop is open, with a `token`
    every request brings it.
    """

    target: Target
    port: int
    customers: int
    seconds: float
    warm_up_seconds: float
    connections: int
    rate: float | None = None
    token: str = ""
    most_connections: int = 512
    answer_within_seconds: float = 10.0
    watched: dict[str, list[int]] = {}
    """Process ids by name: their processor time in the measured window is reported."""


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds, by rank among all samples: no histogram, no interpolation."""

    p50: float
    p95: float
    p99: float
    p999: float
    mean: float
    worst: float


class LoadResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came back in the measured seconds; only right answers count as answers."""

    answers: int
    errors: dict[str, int]
    warm_up_errors: dict[str, int]
    answers_per_second: float
    latency_ms: Latency | None
    generator_cpu_share: float
    connections: int
    processor_seconds: dict[str, float] = {}
    """Of the watched processes in the measured window."""
    late_sends: int = 0
    """Requests that left more than a millisecond after their instant, for whatever reason."""
    waited_for_connection: int = 0
    worst_lateness_ms: float = 0.0


def latency_of(seconds: list[float]) -> Latency | None:
    """Ranks of the samples; None without any."""
    if not seconds:
        return None
    ordered = np.sort(np.asarray(seconds)) * 1e3
    return Latency(
        p50=ranked(ordered, 0.5),
        p95=ranked(ordered, 0.95),
        p99=ranked(ordered, 0.99),
        p999=ranked(ordered, 0.999),
        mean=float(ordered.mean()),
        worst=float(ordered[-1]),
    )


def ranked(ordered: NDArray[np.float64], share: float) -> float:
    """The smallest sample that at least this share of all samples does not exceed."""
    return float(ordered[max(int(np.ceil(share * len(ordered))) - 1, 0)])
