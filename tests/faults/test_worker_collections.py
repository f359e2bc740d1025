"""What a worker started with is left out of garbage collections, which stop every decision."""

from __future__ import annotations

import subprocess
import sys

from tests.faults.conftest import ToyInstallation
from tests.toy_bank import CUSTOMERS

ASKED_ONCE = """
import asyncio, gc, sys
from nbo.in_process import post
from nbo.worker import create_app

ask = {"customer_id": sys.argv[1], "channel": "mobile_app"}
status, _ = asyncio.run(post(create_app(), "/v1/decisions", ask))
print(status, gc.get_freeze_count(), gc.isenabled())
"""
LEAST_FROZEN = 50_000
"""Libraries, catalogue and model are several times as many objects."""


def test_what_a_worker_started_with_is_collected_no_more(installation: ToyInstallation) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASKED_ONCE, CUSTOMERS[0]],
        env=installation.environment(NBO_TRIAL_LOAD="false"),
        capture_output=True,
        text=True,
        check=True,
    )
    status, frozen, is_enabled = done.stdout.split()
    assert (status, is_enabled) == ("200", "True")
    assert int(frozen) > LEAST_FROZEN
