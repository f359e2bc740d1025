"""An offer is stopped under load: every worker has stopped it within a second, whether Redis
answers, is frozen or is gone, and no request fails.

make prove NAME=kill_switch_everywhere ARGS="--rate 200"
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from msgspec.structs import replace

from benchmarks.bank_shape import customer_id
from proofs.bank_under_proof import CUSTOMERS, loaded_bank
from proofs.steady_load import Answer as LoadAnswer
from proofs.steady_load import Steady, answers_to, steady_load
from proofs.verdict import Verdict
from proofs.worker_watch import WorkerWatch
from tests.faults.http_load import Answer, encoded
from tests.faults.redis_process import RedisProcess
from tests.faults.served_bank import ServedBank

WORKERS = 4
MOST_SECONDS = 1.0
BEFORE_SECONDS, BETWEEN_SECONDS = 1.0, 2.0
RULE = "not_killed"


def main() -> int:
    """Exit code 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=200.0, help="decisions a second")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    given = parser.parse_args()
    verdict = Verdict()
    with loaded_bank(given.customers) as bank, bank.served(workers=WORKERS) as service:
        prove(verdict, service, bank.redis, Steady(service.port, given.customers, given.rate, 6.0))
    return verdict.exit_code


def prove(verdict: Verdict, bank: ServedBank, redis: RedisProcess, load: Steady) -> None:
    """The same three times."""
    answers_to(replace(load, seconds=3.0))  # warms it up
    offers = bank.get("/v1/catalogue").json()["offers"]
    offer = next(str(it["offer_id"]) for it in offers if not it["killed"])
    round_("Redis answers", verdict, bank, load, offer)
    with redis.frozen():
        round_("Redis is frozen", verdict, bank, load, offer)
    redis.kill()
    round_("Redis is gone", verdict, bank, load, offer)


def round_(what: str, verdict: Verdict, bank: ServedBank, load: Steady, offer: str) -> None:
    """Stop the offer and lift it again, under load, with an eye on every worker."""
    asked = encoded(customer_id(0), mode="dry_run", explain=True)
    watch = WorkerWatch(bank.port, bank.workers(), asked)
    with steady_load(load) as going, ThreadPoolExecutor() as pool, watch.asking():
        told = pool.submit(going.answers)  # read while it is told: the pipe is short
        time.sleep(BEFORE_SECONDS)
        stopped = switch(bank, offer, active=True)
        time.sleep(BETWEEN_SECONDS)
        lifted = switch(bank, offer, active=False)
        time.sleep(BETWEEN_SECONDS)
        answers = told.result()
    judge_load(f"{what}: load", verdict, answers, load)
    kinds = Counter(it.answer.document.get("type", "200") for it in watch.sights)
    figure = f"{what}: watched requests {dict(kinds)}, {len(watch.lost)} lost"
    verdict.say(figure, "200 only", holds=kinds.keys() == {"200"} and not watch.lost)
    for number, pid in enumerate(watch.workers):
        judge_worker(f"{what}: worker {number}", verdict, watch, pid, (offer, stopped, lifted))


def judge_worker(
    what: str, verdict: Verdict, watch: WorkerWatch, pid: int, done: tuple[str, float, float]
) -> None:
    """How long after a switch was asked for the worker still answered as before."""
    offer, stopped, lifted = done
    sights = [it for it in watch.sights if it.worker == pid]
    before = [it for it in sights if it.sent < stopped]
    during = [it for it in sights if stopped <= it.sent < lifted]
    after = [it for it in sights if it.sent >= lifted]
    seen = all(map(len, (before, during, after)))
    verdict.say(f"{what}: asked {len(sights)} times", "before, between and after", holds=seen)
    early = sum(is_stopped(it.answer, offer) for it in before if it.answer.at < stopped)
    late_stop = [it.sent - stopped for it in during if not is_stopped(it.answer, offer)]
    late_lift = [it.sent - lifted for it in after if is_stopped(it.answer, offer)]
    for word, late in (("stopped", late_stop), ("lifted", late_lift)):
        worst = max(late, default=0.0)
        verdict.say(f"{what}: {word} {worst:.2f} s late", "1 s", holds=worst <= MOST_SECONDS)
    took = any(is_stopped(it.answer, offer) for it in during)
    verdict.say(f"{what}: {early} stopped before, then stopped", "0, yes", holds=took and not early)


def judge_load(what: str, verdict: Verdict, answers: list[LoadAnswer], load: Steady) -> None:
    """Nobody was refused or lost."""
    statuses = Counter(answer.status for answer in answers)
    complete = len(answers) == int(load.rate * load.seconds)
    told = f"{what}: {dict(statuses)}"
    verdict.say(told, "200 only", holds=statuses.keys() == {"200"} and complete)


def is_stopped(answer: Answer, offer: str) -> bool:
    """Whether the worker said that this offer is withheld by a kill switch."""
    if any(one["offer_id"] == offer for one in answer.offers):
        return False
    withheld = answer.document.get("withheld") or []
    return any(one["offer_id"] == offer and RULE in one["rules"] for one in withheld)


def switch(bank: ServedBank, offer: str, *, active: bool) -> float:
    """Set the switch; the instant it was asked for."""
    asked = {"scope": "offer", "id": offer, "active": active, "reason": "proof"}
    sent = time.monotonic()
    bank.post("/v1/kill-switch", asked).raise_for_status()
    return sent


if __name__ == "__main__":
    sys.exit(main())
