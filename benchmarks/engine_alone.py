"""The engine by itself: a decision over 60 permitted offers from what one read brought to the
chosen ones in words, without the store, the record, the network.

python -m benchmarks.engine_alone --home DIR
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from time import perf_counter_ns

import msgspec
import numpy as np

from benchmarks.engine_case import ASK, bench_edition, drawn_records
from benchmarks.load_job import ranked
from model_registry.home import Home
from service.domain.decision import Rung
from service.domain.situation import Situation
from service.pipeline.engine import adjust, arbitrate, judge, propose, score, select
from service.pipeline.trace import Trace
from service.ports import CustomerRecord
from service.use_cases.deciding import decide_in
from service.use_cases.edition import Edition
from service.use_cases.know_customer import know_customer

OFFERS = 60
CUSTOMERS = 64
TARGET_US = 350.0
WARM_UP = 300
WHOLE = "decision"
STAGES = ("know_customer", "judge", "score", "adjust", "select")


class Timing(msgspec.Struct, frozen=True):
    """Microseconds of one stage, by rank; the least tells most on a machine others use too."""

    least: float
    p10: float
    p50: float


class EngineCost(msgspec.Struct, frozen=True):
    """What the engine takes with one ranker."""

    ranker: str
    rules: int
    permitted: int
    microseconds: dict[str, Timing]


def engine_cost(home: Home, repetitions: int, *, prefers_compiled: bool) -> EngineCost:
    """Whole decisions and their stages by turns; ValueError unless all offers are scored."""
    edition, ranker = bench_edition(home, OFFERS, prefers_compiled=prefers_compiled)
    as_of = datetime.now(UTC)
    records = drawn_records(CUSTOMERS, as_of, OFFERS)
    _require_all_scored(edition, records, as_of)
    clock: list[list[int]] = []
    for number in range(WARM_UP + repetitions):
        record = records[number % CUSTOMERS]
        begun = perf_counter_ns()
        decide_in(edition, record, ASK, as_of)
        clock.append([perf_counter_ns() - begun, *_stages(edition, record, as_of)])
    columns = np.array(clock[WARM_UP:]).T / 1e3
    names = (WHOLE, *STAGES)
    return EngineCost(
        ranker,
        len(edition.pipeline.rules),
        OFFERS,
        {name: _timing(column) for name, column in zip(names, columns, strict=True)},
    )


def _stages(edition: Edition, record: CustomerRecord, as_of: datetime) -> list[int]:
    """Nanoseconds of each stage of one decision, as `decide` goes through them."""
    pipeline, trace, marks = edition.pipeline, Trace(), [perf_counter_ns()]
    mark: Callable[[], None] = lambda: marks.append(perf_counter_ns())  # noqa: E731
    situation = _situation(edition, record, as_of)
    mark()
    permitted = propose(situation, pipeline.sources, trace)
    permitted &= judge(situation, pipeline.rules, trace).all(axis=0)
    mark()
    scoring = score(situation, permitted, pipeline.scorers, trace)
    mark()
    priority = arbitrate(scoring, adjust(situation, scoring, pipeline.adjustments, trace))
    mark()
    select(situation, permitted, priority, pipeline.selector, trace)
    mark()
    return [after - before for before, after in pairwise(marks)]


def _situation(edition: Edition, record: CustomerRecord, as_of: datetime) -> Situation:
    customer = know_customer(
        record,
        as_of_days=as_of.timestamp() / 86_400.0,
        product_count=len(edition.product_vocabulary),
        views_with_data=edition.release.views_with_data if edition.release else (),
    )
    return Situation(
        ASK,
        customer,
        edition.catalogue,
        edition.product_codes,
        as_of,
        vocabulary=edition.product_places,
    )


def _require_all_scored(edition: Edition, records: list[CustomerRecord], as_of: datetime) -> None:
    for record in records:
        result = decide_in(edition, record, ASK, as_of)
        decision = result.decision
        scored = int(np.count_nonzero(~np.isnan(decision.propensity)))
        if scored != OFFERS or decision.rung is not Rung.FULL or decision.degraded_reasons:
            raise ValueError(
                f"{scored} of {OFFERS} offers scored, {decision.rung},"
                f" {', '.join(decision.degraded_reasons)}"
            )


def _timing(column: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Timing:
    ordered = np.sort(column)
    return Timing(float(ordered[0]), ranked(ordered, 0.1), ranked(ordered, 0.5))


def main() -> int:
    """Print the figures; 1 when the engine with plain LightGBM takes longer than it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="made by benchmarks.bench_bank")
    parser.add_argument("--repetitions", type=int, default=5_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    gc.freeze()
    costs = [
        engine_cost(Home(given.home), given.repetitions, prefers_compiled=compiled)
        for compiled in (False, True)
    ]
    if given.json:
        print(msgspec.json.encode(costs).decode())
    else:
        _show(costs)
    return 0 if costs[0].microseconds[WHOLE].p50 <= TARGET_US else 1


def _show(costs: list[EngineCost]) -> None:
    for cost in costs:
        print(f"{cost.ranker}: {cost.permitted} permitted offers, {cost.rules} rules (µs)")
        for name, timing in cost.microseconds.items():
            print(
                f"  {name:14} least {timing.least:6.0f}   p10 {timing.p10:6.0f}"
                f"   p50 {timing.p50:6.0f}"
            )
    print(f"target: p50 of a decision with plain LightGBM ≤ {TARGET_US:.0f} µs")


if __name__ == "__main__":
    sys.exit(main())
