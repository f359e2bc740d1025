"""Ratios beside their targets, medians over rounds."""

from __future__ import annotations

from benchmarks.load_job import LoadResult, latency_of
from benchmarks.measurements import Measurement, Phase, summaries, summary_of
from benchmarks.targets import Verdict, verdicts


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
        measured("naive", "open_busy", 80.0, 20.0),
        measured("service", "closed", service, 100.0),
        measured("service", "open_common", 50.0, p50_ms),
        measured("service", "open_busy", 80.0, 5.0),
    ]


def found(service: float, p50_ms: float) -> dict[tuple[str, str], Verdict]:
    """By claim and target."""
    return {(it.claim, it.target): it for it in verdicts(summaries(side_by_side(service, p50_ms)))}


SPEED = "(d) plain / (b): decisions a second"
P50 = "(d) plain / (b): p50 at the same rate, 50 % of (b)"
BUSY = "(d) plain / (b): p50 at the same rate, 80 % of (b)"


def test_a_ratio_on_its_target_meets_it() -> None:
    on = found(160.0, 6.0)
    assert (on[SPEED, "≥ 1.6"].ratio, on[SPEED, "≥ 1.6"].met) == (1.6, True)
    assert (on[P50, "≤ 0.6"].ratio, on[P50, "≤ 0.6"].met) == (0.6, True)


def test_a_ratio_short_of_its_target_misses_it() -> None:
    short = found(159.0, 6.1)
    assert short[SPEED, "≥ 1.6"].met is False
    assert short[P50, "≤ 0.6"].met is False


def test_a_target_set_for_less_work_is_shown_and_does_not_bind() -> None:
    replaced = found(160.0, 6.0)[SPEED, "≥ 2.0"]
    assert (replaced.met, replaced.work, replaced.is_binding) == (False, "six rules", False)


def test_the_busy_loop_is_told_without_a_target() -> None:
    told = found(160.0, 6.0)[BUSY, "none"]
    assert (told.ratio, told.met, told.is_binding) == (0.25, None, False)


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    compiled = [it for it in found(200.0, 6.0).values() if "compiled" in it.claim]
    assert [(verdict.ratio, verdict.met) for verdict in compiled] == [(None, None)] * 5


def test_rounds_are_summed_up_by_median_and_spread() -> None:
    rounds = [
        measured("service", "closed", speed, 1_000 / speed, number)
        for number, speed in enumerate((100.0, 300.0, 200.0))
    ]
    seen = summary_of(summaries(rounds), "service", "closed")
    assert seen is not None
    speed = seen.answers_per_second
    assert (speed.median, speed.low, speed.high) == (200.0, 100.0, 300.0)
    assert seen.p50_ms.median == 5.0
    assert seen.errors == {"status 503": 2}
    assert seen.peer_processor_ms.median == 5.0
    assert summary_of([seen], "service", "single") is None
