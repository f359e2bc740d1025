"""Three times as many decisions as one worker can make: who is refused learns it at once, and who
is admitted waits no longer than at one and a half times as many.

make prove NAME=overload ARGS="--in-flight 16"
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

import numpy as np

from benchmarks.load import generate
from benchmarks.load_job import LoadJob
from proofs.bank_under_proof import CUSTOMERS, loaded_bank
from proofs.steady_load import Answer, Steady, answers_to, p99_ms
from proofs.verdict import Verdict

REFUSED_MS = 5.0
MOST_RATIO = 1.5
SECONDS = 6.0


def main() -> int:
    """Exit code 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--in-flight", type=int, default=32, help="NBO_MAX_IN_FLIGHT")
    given = parser.parse_args()
    verdict = Verdict()
    most = str(given.in_flight)
    with loaded_bank(given.customers) as bank, bank.served(NBO_MAX_IN_FLIGHT=most) as service:
        capacity = measured_capacity(service.port, given.customers)
        print(f"capacity: {capacity:.0f} decisions a second on one worker")
        somewhat = asked(service.port, given.customers, 1.5 * capacity)
        thrice = asked(service.port, given.customers, 3.0 * capacity)
        judge(verdict, somewhat, thrice, capacity)
        delay = service.metric("nbo_event_loop_delay_seconds_sum")
        turns = service.metric("nbo_event_loop_delay_seconds_count")
        print(f"    event loop late by {delay / turns * 1e3:.1f} ms on average")
        healthy = service.get("/health/ready").status_code == 200
        verdict.say("ready afterwards", "yes", holds=healthy)
    return verdict.exit_code


def measured_capacity(port: int, customers: int) -> float:
    """Right answers a second in a closed loop."""
    job = LoadJob(
        target="decisions",
        port=port,
        customers=customers,
        seconds=5.0,
        warm_up_seconds=1.0,
        connections=16,
    )
    return generate(job).answers_per_second


def asked(port: int, customers: int, rate: float) -> list[Answer]:
    """Every answer at this rate."""
    return answers_to(Steady(port, customers, rate, SECONDS, connections=256))


def judge(verdict: Verdict, somewhat: list[Answer], thrice: list[Answer], capacity: float) -> None:
    """Compare what was seen with the targets."""
    statuses = Counter(answer.status for answer in thrice)
    strange = {status: n for status, n in statuses.items() if status not in ("200", "503")}
    verdict.say(f"at 3 x: {dict(statuses)}", "200 and 503 only", holds=not strange)
    refused = [answer for answer in thrice if answer.status == "503"]
    verdict.say(f"{len(refused)} refused", "> 0", holds=bool(refused))
    lateness = np.quantile([a.seconds - a.answered_in for a in thrice], [0.5, 0.99]) * 1e3
    print(f"    the generator itself was late by {lateness[0]:.1f} ms (p99 {lateness[1]:.1f})")
    ranks = np.quantile([a.seconds for a in refused], [0.5, 0.9, 0.95]) * 1e3
    print(f"    refused: p50 {ranks[0]:.1f} ms, p90 {ranks[1]:.1f} ms, p95 {ranks[2]:.1f} ms")
    p99 = p99_ms(refused)
    verdict.say(f"refused: p99 {p99:.1f} ms", f"{REFUSED_MS:g} ms", holds=p99 <= REFUSED_MS)
    before, after = p99_ms(admitted(somewhat)), p99_ms(admitted(thrice))
    told = f"admitted: p99 {after:.1f} ms at 3 x, {before:.1f} ms at 1.5 x"
    verdict.say(told, f"{MOST_RATIO:g} times", holds=after <= MOST_RATIO * before)
    kept = len(admitted(thrice)) / SECONDS / capacity
    print(f"    decisions a second at 3 x: {kept:.0%} of the capacity")
    degraded = Counter(answer.rung for answer in admitted(thrice))
    share = degraded["full"] / max(sum(degraded.values()), 1)
    verdict.say(f"admitted: {share:.2%} full", "99 %", holds=share >= 0.99)


def admitted(answers: list[Answer]) -> list[Answer]:
    """Those that got a decision."""
    return [answer for answer in answers if answer.status == "200"]


if __name__ == "__main__":
    sys.exit(main())
