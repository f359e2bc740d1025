"""A worker is killed after something it started with was lost: the next one decides as the others
do, and the operator can read what happened.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from service.adapters.kill_switch_file import FILE
from tests.faults.conftest import ToyInstallation
from tests.faults.served_bank import ServedBank, logged, served, until
from tests.toy_bank import CUSTOMERS

WORKERS = 2


@pytest.fixture(scope="module")
def bank(
    installation: ToyInstallation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedBank]:
    # A busy machine may be late, and this is about workers: nobody's read is given up here.
    environment = installation.environment(NBO_TRIAL_LOAD="false", NBO_STATE_DEADLINE_MS="5000")
    folder = tmp_path_factory.mktemp("logs")
    with served(environment, folder, workers=WORKERS) as bank:
        yield bank


def replace_all(bank: ServedBank) -> None:
    """Kill one worker after the other, each once the last one's place is taken."""
    for killed in bank.workers():
        starts = bank.metric("nbo_worker_starts_total")
        os.kill(killed, signal.SIGKILL)
        until(lambda: bank.metric("nbo_worker_starts_total") == starts + 1)  # noqa: B023


def started(bank: ServedBank) -> set[int]:
    """The processes that said that they started."""
    return {line["pid"] for line in logged(bank, "started")}


def stop(bank: ServedBank, scope: str, name: str) -> set[str]:
    """Stop it; everything that is stopped then."""
    asked = {"scope": scope, "id": name, "active": True, "reason": "prospectus is wrong"}
    answer = bank.post("/v1/kill-switch", asked)
    assert answer.status_code == 200, answer.text
    return {one["id"] for one in answer.json()["switches"]}


def offered(bank: ServedBank) -> set[str]:
    """What she would be offered now."""
    answer = bank.decide(CUSTOMERS[0], mode="dry_run")
    assert answer.status_code == 200, answer.text
    return {one["offer_id"] for place in answer.json()["placements"] for one in place["offers"]}


def test_a_worker_that_ended_is_named_with_what_ended_it(bank: ServedBank) -> None:
    killed, _ = bank.workers()
    until(lambda: killed in started(bank))
    os.kill(killed, signal.SIGKILL)
    until(lambda: f"worker {killed} was ended by SIGKILL: replaced" in bank.log)
    until(lambda: bank.metric("nbo_workers") == WORKERS)
    until(lambda: started(bank) > set(bank.workers()))


def test_without_the_file_of_the_stops_a_replacement_knows_them_from_the_log(
    bank: ServedBank, installation: ToyInstallation
) -> None:
    first, *_ = offered(bank)
    assert stop(bank, "offer", first) == {first}
    (installation.home.root / "policy" / FILE).unlink()
    replace_all(bank)
    for _ in range(10):
        assert first not in offered(bank)
    assert stop(bank, "channel", "sms") == {first, "sms"}


def test_beside_a_broken_catalogue_a_replacement_decides_with_the_one_in_use(
    bank: ServedBank, installation: ToyInstallation
) -> None:
    version = bank.decide(CUSTOMERS[0]).json()["versions"]["catalogue"]
    offers = installation.catalogue / "offers.yaml"
    intact = offers.read_bytes()
    offers.write_bytes(intact[: len(intact) // 2])
    try:
        until(lambda: bank.metric("nbo_catalogue_refused") == WORKERS)
        # A worker that is killed takes the lines of its last twentieth of a second with it.
        until(lambda: len(logged(bank, "catalogue_refused")) == WORKERS)
        replace_all(bank)
        until(lambda: bank.metric("nbo_catalogue_refused") == WORKERS)
        for _ in range(10):
            assert bank.decide(CUSTOMERS[0]).json()["versions"]["catalogue"] == version
        assert bank.get("/health/ready").status_code == 200
        until(lambda: len(logged(bank, "catalogue_refused")) == 2 * WORKERS)
        assert "offers.yaml" in logged(bank, "catalogue_refused")[-1]["detail"]
        assert "could not start" not in bank.log
    finally:
        offers.write_bytes(intact)
    until(lambda: bank.metric("nbo_catalogue_refused") == 0.0)
    assert bank.stop() == 0
