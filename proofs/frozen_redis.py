"""Redis freezes under load, then dies and comes back empty: what customers see of it.

make prove NAME=frozen_redis ARGS="--rate 300"
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter

from msgspec.structs import replace

from proofs.bank_under_proof import CUSTOMERS, BankUnderProof, loaded_bank
from proofs.steady_load import Answer, Steady, answers_to, p99_ms, steady_load
from proofs.verdict import Verdict
from tests.faults.redis_process import RedisProcess

FREEZE_SECONDS = 3.0
BEFORE_SECONDS = 2.0
AFTER_SECONDS = 7.0
MOST_MS = 30.0
FULL_AGAIN_SECONDS = 5.0
LEAST_FULL = 0.99


def main() -> int:
    """Exit code 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=300.0, help="decisions a second")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    given = parser.parse_args()
    verdict = Verdict()
    with loaded_bank(given.customers) as bank, bank.served() as service:
        job = Steady(service.port, given.customers, given.rate, 5.0)
        answers_to(replace(job, seconds=2.0))  # warms it up
        without_fault(verdict, job)
        frozen(verdict, job, bank.redis)
        emptied(verdict, job, bank)
    print(f"{os.cpu_count()} processors, shared by service, Redis and load generator")
    return verdict.exit_code


def without_fault(verdict: Verdict, job: Steady) -> None:
    """The same load while nothing is wrong."""
    answers = answers_to(job)
    share = sum(is_full(answer) for answer in answers) / len(answers)
    told = f"without fault {share:.2%} of {len(answers)} answers are full"
    verdict.say(told, f"{LEAST_FULL:.0%}", holds=share >= LEAST_FULL)
    print(f"    p99 {p99_ms(answers):.1f} ms")


def frozen(verdict: Verdict, job: Steady, redis: RedisProcess) -> None:
    """SIGSTOP for three seconds under the load."""
    seconds = BEFORE_SECONDS + FREEZE_SECONDS + AFTER_SECONDS
    with steady_load(replace(job, seconds=seconds)) as load:
        time.sleep(BEFORE_SECONDS)
        with redis.frozen():
            stopped = time.monotonic()
            time.sleep(FREEZE_SECONDS)
        thawed = time.monotonic()
        answers = load.answers()
    during = [answer for answer in answers if stopped <= answer.due < thawed]
    bad = [a for a in answers if a.status == "lost" or a.status >= "500"]
    verdict.say(f"frozen: {len(bad)} of {len(answers)} lost or >= 500", "0", holds=not bad)
    p99 = p99_ms(during)
    told = f"frozen: p99 {p99:.1f} ms of {len(during)} answers as the client sees them"
    verdict.say(told, f"{MOST_MS:g} ms", holds=p99 <= MOST_MS)
    told = f"all {len(answers)} of the run: p99 {p99_ms(answers):.1f} ms"
    verdict.say(told, f"{MOST_MS:g} ms", holds=p99_ms(answers) <= MOST_MS)
    offered = [answer for answer in answers if answer.state and answer.has_offers]
    told = f"{len(offered)} answers without readable state offer something"
    verdict.say(told, "0", holds=not offered)
    unread = sum(1 for answer in during if answer.state == "state_unavailable")
    verdict.say(f"frozen: {unread} answers say so", "> 0", holds=unread > 0)
    again = [answer.due - thawed for answer in answers if answer.due >= thawed and is_full(answer)]
    first = min(again, default=float("inf"))
    told = f"full again {first:.2f} s after SIGCONT"
    verdict.say(told, f"{FULL_AGAIN_SECONDS:g} s", holds=first <= FULL_AGAIN_SECONDS)
    settled = [a for a in answers if a.due >= thawed + FULL_AGAIN_SECONDS]
    share = sum(map(is_full, settled)) / max(len(settled), 1)
    told = f"{share:.2%} full from {FULL_AGAIN_SECONDS:g} s after SIGCONT on"
    verdict.say(told, f"{LEAST_FULL:.0%}", holds=share >= LEAST_FULL)


def emptied(verdict: Verdict, job: Steady, bank: BankUnderProof) -> None:
    """SIGKILL and restart empty under the load; loaded again only afterwards."""
    with steady_load(replace(job, seconds=6.0)) as load:
        time.sleep(1.0)
        bank.redis.kill()
        killed = time.monotonic()
        bank.redis.start()
        answers = load.answers()
    after = [answer for answer in answers if answer.due >= killed]
    bad = [a for a in answers if a.status == "lost" or a.status >= "500"]
    verdict.say(f"killed: {len(bad)} of {len(answers)} lost or >= 500", "0", holds=not bad)
    offered = sum(answer.has_offers for answer in after)
    told = f"{offered} of {len(after)} answers offer something on an empty store"
    verdict.say(told, "0", holds=offered == 0)
    states = Counter(answer.state for answer in after)
    told = f"{states['state_not_loaded']} of them read the empty store and say so"
    verdict.say(told, "> 0", holds=states["state_not_loaded"] > 0)
    bank.load()
    answers = answers_to(job)
    share = sum(map(is_full, answers)) / len(answers)
    verdict.say(f"loaded again: {share:.2%} full", f"{LEAST_FULL:.0%}", holds=share >= LEAST_FULL)


def is_full(answer: Answer) -> bool:
    """Served from everything, with an offer."""
    return answer.status == "200" and answer.rung == "full" and answer.has_offers


if __name__ == "__main__":
    sys.exit(main())
