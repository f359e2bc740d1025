"""kill -9 of workers while they answer 500 decisions a second over HTTP: every decision somebody
was told is in the log afterwards, and the chains are whole.

make prove NAME=killed_worker_decisions ARGS="--rate 500 --kills 3"
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from proofs.bank_under_proof import CUSTOMERS, loaded_bank
from proofs.steady_load import Answer, Steady, steady_load
from proofs.verdict import Verdict
from service.adapters.event_log import EventBook
from service.domain.ulid import ulid_bytes
from service.ports import RecordKind
from tests.faults.served_bank import ServedBank, until

WORKERS = 2
SECONDS_BETWEEN_KILLS = 8.0
"""Time for the next worker to start and to catch up."""
LEAST_ANSWERED = 0.9
"""Of the rate asked for, in the second before a kill: one must reach it. Whoever finds no worker
free meanwhile is told so (503): nothing was decided.
"""


def main() -> int:
    """Exit code 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=500.0, help="decisions a second")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    given = parser.parse_args()
    verdict = Verdict()
    seconds = (given.kills + 1) * SECONDS_BETWEEN_KILLS
    with loaded_bank(given.customers) as bank:
        with bank.served(workers=WORKERS) as service:
            warm_up = Steady(service.port, given.customers, given.rate / 2, 2.0)
            answers, _ = answered(warm_up, service, kills=0)
            load = Steady(service.port, given.customers, given.rate, seconds)
            under_fire, killed_at = answered(load, service, kills=given.kills)
        judge(verdict, under_fire, given.rate, killed_at)
        answers += under_fire
        judge_log(verdict, bank.home.root, answers)
        command = [sys.executable, "-m", "nbo", "audit", "verify"]
        verified = subprocess.run(command, env=bank.environment(), check=False)
        figure = f"nbo audit verify ends with {verified.returncode}"
        verdict.say(figure, "0", holds=verified.returncode == 0)
    return verdict.exit_code


def answered(load: Steady, bank: ServedBank, *, kills: int) -> tuple[list[Answer], list[float]]:
    """What was told under this load, and when so many workers were killed meanwhile."""
    killed_at = []
    with steady_load(load) as going, ThreadPoolExecutor() as pool:
        told = pool.submit(going.answers)
        for number in range(kills):
            time.sleep(SECONDS_BETWEEN_KILLS)
            workers = bank.workers()
            killed_at.append(time.monotonic())
            os.kill(workers[number % len(workers)], signal.SIGKILL)
        answers = told.result()
    until(lambda: len(bank.workers()) == WORKERS)
    return answers, killed_at


def judge(verdict: Verdict, answers: list[Answer], rate: float, killed_at: list[float]) -> None:
    """Every worker was killed at work: the rate was answered until then, and something was cut
    off.
    """
    statuses = Counter(answer.status for answer in answers)
    unexpected = statuses.keys() - {"200", "503", "lost"}
    figure = f"{len(killed_at)} workers killed; answers {dict(statuses)}"
    verdict.say(figure, "200, 503 or lost", holds=not unexpected and statuses["lost"] > 0)
    ends = [answer.due + answer.seconds for answer in answers if answer.status == "200"]
    counts = [sum(at - 1.0 <= end < at for end in ends) for at in killed_at]
    least = LEAST_ANSWERED * rate
    figure = f"decisions told in the second before each kill: {counts}"
    verdict.say(figure, f"one of at least {least:.0f}", holds=max(counts) >= least)


def judge_log(verdict: Verdict, home: Path, answers: list[Answer]) -> None:
    """Every decision that was told is on record, once."""
    told = [answer.decision_id for answer in answers if answer.status == "200"]
    missing = sum(not is_on_record for is_on_record in on_record(home, told))
    figure = f"{len(told)} decisions told, {len(set(told))} different, {missing} not in the log"
    verdict.say(figure, "0 missing", holds=not missing and len(set(told)) == len(told) > 0)


def on_record(home: Path, decision_ids: Iterable[str]) -> Iterable[bool]:
    """Whether the log has each of these decisions."""
    book = EventBook(home / "log")
    for decision_id in decision_ids:
        key = ulid_bytes(decision_id)
        yield key is not None and book.find(key, kind=RecordKind.DECISION) is not None


if __name__ == "__main__":
    sys.exit(main())
