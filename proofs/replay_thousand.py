"""1,000 logged decisions are decided again by a fresh service over an empty Redis, after another
model was promoted and the catalogue changed: all equal. Whatever recorded input is altered, the
replay says so.

make prove NAME=replay_thousand ARGS="--decisions 1000"
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from benchmarks.bank_shape import customer_id
from benchmarks.bench_bank import catalogue_folder
from benchmarks.bench_model import write_model
from model_registry.home import Home
from proofs.altered_inputs import altered_replays
from proofs.bank_under_proof import BankUnderProof, loaded_bank
from proofs.verdict import Verdict
from tests.faults.redis_process import redis_process
from tests.faults.served_bank import ServedBank, until

WORKERS, LOOKS = 2, 12
DEADLINE_MS = "2000"
CUSTOMERS = 500
EXPLAINED_EVERY, REJECTED_EVERY, STRANGER_EVERY = 10, 7, 25
PLACES: dict[str, list[str]] = {
    "mobile_app": ["home_feed", "login_banner"],
    "sms": ["message"],
    "branch": ["advisor_desk"],
}


def main() -> int:
    """Exit code 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=1_000)
    count = parser.parse_args().decisions
    verdict = Verdict()
    with loaded_bank(CUSTOMERS) as bank:
        told = logged_decisions(bank, count)
        versions = {(it["versions"]["model"], it["versions"]["catalogue"]) for it in told}
        rungs = Counter(it["served_from"] for it in told)
        figure = f"{len(told)} decisions under {len(versions)} pairs of model and catalogue"
        verdict.say(f"{figure}, {dict(rungs)}", f"{count}, 2", holds=len(versions) == 2)
        bank.redis.kill()
        judge_replays(verdict, bank.home, [it["decision_id"] for it in told])
        judge_alterations(verdict, bank.home, told)
    return verdict.exit_code


def logged_decisions(bank: BankUnderProof, count: int) -> list[Any]:
    """Answers of a service whose model and catalogue change when half of them are given."""
    rng = random.Random(17)  # noqa: S311 - questions, no secret
    other_model = write_model(bank.home, datetime.now(UTC).date(), seed=8)
    with bank.served(workers=WORKERS, NBO_STATE_DEADLINE_MS=DEADLINE_MS) as service:
        told = list(answers(service, rng, count // 2))
        with stopped(service, str(told[0]["placements"][0]["offers"][0]["offer_id"])):
            told += answers(service, rng, count // 20)
        change(service, bank.home, other_model, told[0]["versions"])
        told += answers(service, rng, count - len(told))
    return told


def answers(bank: ServedBank, rng: random.Random, count: int) -> Iterator[Any]:
    """Answers to all kinds of questions; now and then a customer rejects what she is offered."""
    for number in range(count):
        channel = rng.choice(list(PLACES))
        stranger = number % STRANGER_EVERY == 0 and number > 0
        answer = bank.decide(
            "nobody" if stranger else customer_id(rng.randrange(CUSTOMERS)),
            channel=channel,
            context={"trigger": "login", "intent": rng.choice(["mortgage", "card"])},
            explain=number % EXPLAINED_EVERY == 0,
            placements=[{"id": place} for place in PLACES[channel]],
            **({"request_id": f"r-{rng.random()}"} if rng.random() < 0.5 else {}),
        )
        answer.raise_for_status()
        document = answer.json()
        offers = [offer for place in document["placements"] for offer in place["offers"]]
        if offers and number % REJECTED_EVERY == 0:
            reject(bank, document["decision_id"], offers[0]["offer_id"], channel)
        yield document


def reject(bank: ServedBank, decision_id: str, offer_id: str, channel: str) -> None:
    """She does not want it."""
    outcome = {
        "event_id": f"no-{decision_id}",
        "decision_id": decision_id,
        "offer_id": offer_id,
        "outcome": "reject",
        "occurred_at": datetime.now(UTC).isoformat(),
        "channel": channel,
    }
    bank.post("/v1/outcomes", {"outcomes": [outcome]}).raise_for_status()


class stopped:  # noqa: N801 - read as a word
    """An offer stopped inside the block, in every worker."""

    def __init__(self, bank: ServedBank, offer: str) -> None:
        self._bank, self._asked = bank, {"scope": "offer", "id": offer, "reason": "proof"}

    def __enter__(self) -> None:
        self._bank.post("/v1/kill-switch", {**self._asked, "active": True}).raise_for_status()

    def __exit__(self, *_: object) -> None:
        self._bank.post("/v1/kill-switch", {**self._asked, "active": False}).raise_for_status()


def change(bank: ServedBank, home: Home, model: str, before: dict[str, str]) -> None:
    """Promote the model and change an offer's value, and wait until every worker has both."""
    command = [sys.executable, "-m", "nbo", "models", "promote", model]
    done = os.environ | {"NBO_HOME": str(home.root)}
    subprocess.run(command, env=done, stdout=subprocess.DEVNULL, check=True)
    offers = catalogue_folder(home) / "offers.yaml"
    text = offers.read_text(encoding="utf-8")
    offers.write_text(text.replace("value: 20.0", "value: 21.0"), encoding="utf-8")

    def is_everywhere() -> bool:
        looks = [bank.decide(customer_id(0), mode="dry_run").json() for _ in range(LOOKS)]
        return all(
            look["versions"]["model"] == model
            and look["versions"]["catalogue"] != before["catalogue"]
            for look in looks
        )

    until(is_everywhere)


def judge_replays(verdict: Verdict, home: Home, decision_ids: list[str]) -> None:
    """All of them by a new process that can ask nobody but the log."""
    differing: Counter[str] = Counter()
    equal = 0
    with (
        redis_process() as empty,
        BankUnderProof(home, empty).served(NBO_STATE_DEADLINE_MS=DEADLINE_MS) as bank,
    ):
        for decision_id in decision_ids:
            answer = bank.post(f"/v1/decisions/{decision_id}/replay")
            if answer.status_code != 200:
                differing[f"status {answer.status_code}"] += 1
                continue
            equal += answer.json()["equal"]
            differing.update(one["what"] for one in answer.json()["differences"])
    figure = f"{equal} of {len(decision_ids)} replayed equal; differences {dict(differing)}"
    verdict.say(figure, "all", holds=equal == len(decision_ids) > 0)


def judge_alterations(verdict: Verdict, home: Home, told: list[Any]) -> None:
    """Each input of a full decision with offers, altered for itself."""
    full = next(it for it in told if it["served_from"] == "full")
    for name, differences in altered_replays(home, full["decision_id"]).items():
        figure = f"{name} altered: {differences} differences reported"
        verdict.say(figure, "some", holds=differences > 0)


if __name__ == "__main__":
    sys.exit(main())
