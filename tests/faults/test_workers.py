"""Two workers under load: killed, orphaned, told to stop, and given another model meanwhile."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import psutil  # type: ignore[import-untyped]
import pytest

from tests.faults.conftest import ToyInstallation
from tests.faults.http_load import ROUNDS, Customers, Seen
from tests.faults.served_bank import ServedBank, logged, served, until
from tests.toy_bank import CUSTOMERS

WORKERS = 2
CONNECTIONS = 6


@pytest.fixture(scope="module")
def bank(
    installation: ToyInstallation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedBank]:
    folder = tmp_path_factory.mktemp("logs")
    # A busy machine may be late, and this is about workers: nobody's read is given up here.
    environment = installation.environment(NBO_STATE_DEADLINE_MS="5000")
    with served(environment, folder, workers=WORKERS) as bank:
        yield bank


def customers(bank: ServedBank) -> Customers:
    return Customers(bank.port, CUSTOMERS, connections=CONNECTIONS, pause_seconds=0.01)


def assert_nobody_failed(seen: Seen) -> None:
    assert seen.lost == []
    assert set(seen.statuses) == {200}
    assert len(seen.answers) > ROUNDS * CONNECTIONS


def in_use(bank: ServedBank, bundle: str) -> float:
    return bank.metric("nbo_model_info", bundle=bundle)


def test_a_promotion_reaches_every_worker_under_load_and_fails_nobody(
    bank: ServedBank, installation: ToyInstallation
) -> None:
    asking = customers(bank)
    with asking.asking() as seen:
        asking.wait()
        assert "full" in {answer.rung for answer in seen.answers}
        installation.store.promote(installation.bundles[1])
        until(lambda: in_use(bank, installation.bundles[1]) == WORKERS)
        adopted = time.monotonic()
        asking.wait()
    assert_nobody_failed(seen)
    assert in_use(bank, installation.bundles[0]) == 0.0
    models = {answer.document["versions"]["model"] for answer in seen.since(adopted)}
    assert models == {installation.bundles[1]}
    assert bank.metric("nbo_model_swaps_total", result="adopted") == WORKERS


def test_a_broken_bundle_promoted_under_load_is_refused_and_the_old_one_stays(
    bank: ServedBank, installation: ToyInstallation
) -> None:
    good = installation.store.champion()
    broken = installation.another_bundle(5)
    installation.store.promote(broken)  # verified at this moment, damaged at the next
    trees = installation.home.models / broken / "propensity.txt"
    trees.write_bytes(trees.read_bytes()[:-100])
    asking = customers(bank)
    with asking.asking() as seen:
        until(lambda: bank.metric("nbo_model_swaps_total", result="refused") >= WORKERS)
        asking.wait()
    assert_nobody_failed(seen)
    assert {answer.document["versions"]["model"] for answer in seen.answers} == {good}
    assert bank.get("/health/ready").status_code == 200
    assert "propensity.txt was altered" in logged(bank, "model_refused")[0]["detail"]
    installation.store.rollback()


def test_the_registry_can_vanish_while_serving(
    bank: ServedBank, installation: ToyInstallation
) -> None:
    refused = bank.metric("nbo_model_swaps_total", result="refused")
    elsewhere = installation.home.models.with_name("models-elsewhere")
    installation.home.models.rename(elsewhere)
    asking = customers(bank)
    try:
        with asking.asking() as seen:
            time.sleep(2.5)  # two looks of every worker
            asking.wait()
    finally:
        elsewhere.rename(installation.home.models)
    assert_nobody_failed(seen)
    models = {answer.document["versions"]["model"] for answer in seen.answers}
    assert models == {installation.store.champion()}
    assert bank.metric("nbo_model_swaps_total", result="refused") == refused
    assert bank.get("/health/ready").status_code == 200


def test_a_killed_worker_is_replaced_and_its_numbers_stay(bank: ServedBank) -> None:
    before = bank.workers()
    assert len(before) == WORKERS
    bank.decide(CUSTOMERS[0])
    decisions = bank.metric("nbo_decisions_total")
    starts = bank.metric("nbo_worker_starts_total")
    os.kill(before[0], signal.SIGKILL)
    until(lambda: bank.metric("nbo_worker_starts_total") == starts + 1)
    after = bank.workers()
    assert len(after) == WORKERS
    assert before[0] not in after
    assert bank.metric("nbo_decisions_total") >= decisions > 0
    model = bank.metric("nbo_model_info")
    assert model == WORKERS
    assert bank.decide(CUSTOMERS[0]).json()["served_from"] == "full"


def test_told_to_stop_under_load_it_says_goodbye_and_answers_all_it_was_asked(
    bank: ServedBank,
) -> None:
    asking = customers(bank)
    asking.leave_when_closed = True
    with asking.asking() as seen:
        asking.wait()
        told = time.monotonic()
        assert bank.stop() == 0
    assert_nobody_failed(seen)
    farewells = [a for a in seen.since(told) if a.headers.get("connection") == "close"]
    assert len(farewells) == CONNECTIONS


def test_workers_end_with_a_supervisor_that_was_killed(
    installation: ToyInstallation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = installation.environment(NBO_TRIAL_LOAD="false")
    with served(environment, tmp_path_factory.mktemp("logs")) as bank:
        workers = bank.workers()
        assert workers
        bank.process.kill()
        until(lambda: not any(is_running(worker) for worker in workers))


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
