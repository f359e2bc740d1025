"""Ratios beside their targets, medians over rounds."""

from __future__ import annotations

from benchmarks.load_job import LoadResult, latency_of
from benchmarks.measurements import Measurement, Phase, summaries, summary_of
from benchmarks.targets import verdicts


def measured(peer: str, phase: Phase, per_second: float, p50_ms: float, number: int = 0):
    result = LoadResult(
        answers=int(per_second),
        errors={"status 503": 2} if number == 1 else {},
        warm_up_errors={},
        answers_per_second=per_second,
        latency_ms=latency_of([p50_ms / 1e3]),
        generator_cpu_share=0.1,
        connections=32,
        processor_seconds={"peer": 1.0, "redis": 0.1},
    )
    return Measurement(peer, phase, number, None, result)


def side_by_side(service: float, p50_ms: float) -> list[Measurement]:
    return [
        measured("naive", "closed", 100.0, 300.0),
        measured("naive", "open_common", 50.0, 10.0),
        measured("service", "closed", service, 100.0),
        measured("service", "open_common", 50.0, p50_ms),
    ]


def test_a_ratio_on_its_target_meets_it() -> None:
    throughput, p50, *_ = verdicts(summaries(side_by_side(200.0, 6.0)))
    assert (throughput.ratio, throughput.met) == (2.0, True)
    assert (p50.ratio, p50.met) == (0.6, True)


def test_a_ratio_short_of_its_target_misses_it() -> None:
    throughput, p50, *_ = verdicts(summaries(side_by_side(199.0, 6.1)))
    assert throughput.met is False
    assert p50.met is False


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    compiled = verdicts(summaries(side_by_side(200.0, 6.0)))[2:]
    assert [(verdict.ratio, verdict.met) for verdict in compiled] == [(None, None)] * 3


def test_rounds_are_summed_up_by_median_and_spread() -> None:
    rounds = [
        measured("service", "closed", speed, 1_000 / speed, number)
        for number, speed in enumerate((100.0, 300.0, 200.0))
    ]
    found = summary_of(summaries(rounds), "service", "closed")
    assert found is not None
    speed = found.answers_per_second
    assert (speed.median, speed.low, speed.high) == (200.0, 100.0, 300.0)
    assert found.p50_ms.median == 5.0
    assert found.errors == {"status 503": 2}
    assert found.peer_processor_ms.median == 5.0
    assert summary_of([found], "service", "single") is None
