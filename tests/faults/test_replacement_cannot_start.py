"""A worker is gone and the next one cannot start: the others go on, its place is tried again."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tests.faults.conftest import ToyInstallation
from tests.faults.served_bank import served, until
from tests.toy_bank import CUSTOMERS

WITHOUT_SECONDS = 6.0
WARNING = "could not start: tried again in"


def test_a_replacement_that_cannot_start_leaves_the_other_worker_and_is_tried_again(
    installation: ToyInstallation, tmp_path: Path
) -> None:
    environment = installation.environment(NBO_TRIAL_LOAD="false")
    with served(environment, tmp_path, workers=2) as bank:
        killed, other = bank.workers()
        identity = installation.home.bank_file
        elsewhere = identity.rename(identity.with_name("elsewhere.json"))
        os.kill(killed, signal.SIGKILL)
        until(lambda: WARNING in bank.log)
        deadline = time.monotonic() + WITHOUT_SECONDS
        while time.monotonic() < deadline:
            assert bank.decide(CUSTOMERS[0]).status_code == 200
            assert bank.process.poll() is None
            time.sleep(0.1)
        until(lambda: bank.log.count(WARNING) >= 2)
        warnings = [line for line in bank.log.splitlines() if WARNING in line]
        assert [line.split()[-2] for line in warnings[:2]] == ["1", "2"]
        assert bank.metric("nbo_workers") == 1.0
        assert bank.metric("nbo_workers_wanted") == 2.0
        elsewhere.rename(identity)
        until(lambda: bank.metric("nbo_worker_starts_total") == 3.0)
        assert bank.metric("nbo_workers") == 2.0
        after = bank.workers()
        assert len(after) == 2
        assert other in after
        assert bank.stop() == 0
