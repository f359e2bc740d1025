"""The whole benchmark: bank, Redis and peers up, same work checked, measured, reported."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from benchmarks.bank_shape import PRODUCTS
from benchmarks.bench_bank import build_bank
from benchmarks.bench_model import bench_layout
from benchmarks.machine import machine
from benchmarks.measurements import Measurement, Summary, summaries, summary_of
from benchmarks.peers import HELLO, NAIVE, all_peers
from benchmarks.plan import Plan
from benchmarks.private_redis import private_redis
from benchmarks.redis_memory import measure_redis_memory
from benchmarks.report import METHOD, Report
from benchmarks.rounds import Rounds, Say
from benchmarks.running_peer import RunningPeer, running, wait_until_right
from benchmarks.same_work import (
    ranker_in_use,
    require_all_offers_scored,
    require_full_policy,
    require_same_scores,
    why_unusable,
)
from benchmarks.targets import verdicts
from feature_repo.contract import FEATURES
from model_registry.home import Home
from training.features.online import materialize


@dataclass(frozen=True)
class Finding:
    """What the peers showed while they ran."""

    titles: dict[str, str]
    rankers: dict[str, str | None]
    scores_compared: int
    notes: list[str]
    measurements: list[Measurement]


def compare(plan: Plan, folder: Path, *, say: Say) -> Report:
    """Run the benchmark; logs of the peers go to the folder."""
    begun_at, here = datetime.now(timezone.utc), machine()
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    finding = _measured(plan, logs, say)
    memory = None
    if plan.memory_customers:
        say(f"loading {plan.memory_customers} customers into an empty Redis")
        memory = measure_redis_memory(plan.memory_customers)
    found = summaries(finding.measurements)
    return Report(
        begun_at=begun_at,
        machine=here,
        method=METHOD,
        plan=plan,
        titles=finding.titles,
        rankers=finding.rankers,
        products=len(PRODUCTS),
        model_columns=len(bench_layout().names),
        stored_features=len(FEATURES),
        scores_compared=finding.scores_compared,
        notes=finding.notes,
        summaries=found,
        verdicts=verdicts(found),
        generator_capacity=_capacity(found),
        redis_memory=memory,
        measurements=finding.measurements,
    )


def _measured(plan: Plan, logs: Path, say: Say) -> Finding:
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nbo-bench-")))
        say(f"building the bank: {plan.customers} customers, 100 offers, 300 trees")
        home = build_bank(root, plan.customers)
        redis = stack.enter_context(private_redis())
        materialize(home, redis.url)
        say("starting the peers")
        started = [stack.enter_context(running(peer, logs)) for peer in all_peers(home, redis.url)]
        for peer in started:
            wait_until_right(peer)
        usable, notes, compared = _checked(started, home)
        rounds = Rounds(usable, plan, redis_pid=redis.pid, say=say)
        rounds.run()
        return Finding(
            titles={peer.peer.name: peer.peer.title for peer in usable},
            rankers={p.peer.name: ranker_in_use(p) for p in usable if _is_service(p)},
            scores_compared=compared,
            notes=notes + rounds.notes,
            measurements=rounds.measurements,
        )


def _checked(started: list[RunningPeer], home: Home) -> tuple[list[RunningPeer], list[str], int]:
    """The peers to measure, why others are left out, and how many scores were compared."""
    naive = next(running for running in started if running.peer.name == NAIVE)
    usable, notes, compared = [], [], 0
    for peer in started:
        if _is_service(peer):
            if reason := why_unusable(peer):
                notes.append(f"{peer.peer.title}: left out, {reason}")
                continue
            require_full_policy(peer)
            require_all_offers_scored(peer)
            compared += require_same_scores(peer, naive, home)
        usable.append(peer)
    return usable, notes, compared


def _is_service(running: RunningPeer) -> bool:
    return running.peer.target == "decisions"


def _capacity(found: list[Summary]) -> float:
    """Answers a second the generator could take on a core of its own, as (a) showed it."""
    hello = summary_of(found, HELLO, "closed")
    if hello is None:
        return float("nan")
    return hello.answers_per_second.median / max(hello.generator_cpu_share, 1e-9)
