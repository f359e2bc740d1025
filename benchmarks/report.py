"""One run of the benchmark as a document: machine, method, every single result, verdicts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from benchmarks.measurements import Measurement, Summary
from benchmarks.plan import Plan
from benchmarks.redis_memory import RedisMemory
from benchmarks.targets import Verdict

METHOD = (
    "One machine, one private redis-server (noeviction, nothing saved) for all peers, one worker"
    " process each, nothing pinned to a core. The service works under its full policy (15 rules, 12"
    " caps, reservation, record, bearer token). Same random customers, same 100 offers, all of them"
    " scored, same LightGBM model (300 trees x 31 leaves, one thread). Peers take turns within each"
    " round; figures are medians over the rounds with lowest and highest. Closed loop: each client"
    " asks again once answered. Open loop: constant arrival schedule, latency from the instant a"
    " request was due (no coordinated omission). Percentiles by rank among all samples. Only right"
    " answers count; for the service those with served_from full and no degraded reason."
)


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a run found; `titles` names the peers, `generator_capacity` is answers a second."""

    begun_at: datetime
    machine: dict[str, object]
    method: str
    plan: Plan
    titles: dict[str, str]
    rankers: dict[str, str | None]
    products: int
    model_columns: int
    stored_features: int
    scores_compared: int
    notes: list[str]
    summaries: list[Summary]
    verdicts: list[Verdict]
    generator_capacity: float
    redis_memory: RedisMemory | None
    measurements: list[Measurement]

    @property
    def has_errors(self) -> bool:
        """Whether any peer gave anything but right answers while measured."""
        return any(summary.errors for summary in self.summaries)

    @property
    def meets_targets(self) -> bool:
        """Whether every target that still binds was measured and met."""
        return all(verdict.met for verdict in self.verdicts if verdict.is_binding)


def write_report(report: Report, folder: Path) -> Path:
    """The report as `bench.json` in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "bench.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    return file
