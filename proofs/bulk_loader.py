"""Rows a second of the bulk loader beside `feast materialize`: same rows, same Redis, same machine.

make prove NAME=bulk_loader ARGS="--customers 100000"
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from redis import Redis

from feature_repo.contract import VIEWS
from model_registry.home import Home
from proofs.loadable_bank import loadable_bank
from tests.redis_server import private_redis

TARGET_RATIO = 5.0
TARGET_MIB = 2048.0
EMPTYING_SECONDS = 300.0


def main() -> int:
    """Exit code 0 when the loader is five times as fast and stays below 2 GiB."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--months", type=int, default=3, help="history of every view")
    parser.add_argument(
        "--feast-customers", type=int, help="as many for Feast, when fewer are enough"
    )
    parser.add_argument("--step", nargs=3, metavar=("STEP", "HOME", "URL"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        print(json.dumps(take_step(*arguments.step)))
        return 0
    few = min(arguments.feast_customers or arguments.customers, arguments.customers)
    with tempfile.TemporaryDirectory() as folder:
        smaller, home = Home(Path(folder) / "feast"), Home(Path(folder) / "bulk")
        loadable_bank(smaller.root, few, arguments.months)
        loadable_bank(home.root, arguments.customers, arguments.months)
        feast = figures("feast", smaller, few)
        bulk = figures("bulk", home, arguments.customers)
        whole = figures("whole", home, arguments.customers)
    ratio = bulk["rows_per_second"] / feast["rows_per_second"]
    peak = max(bulk["peak_mib"], whole["peak_mib"])
    print(f"loader: {ratio:.1f} x the rows a second of feast materialize (target {TARGET_RATIO:g})")
    print(f"loader: peak memory {peak:.0f} MiB (target {TARGET_MIB:g})")
    return 0 if ratio >= TARGET_RATIO and peak < TARGET_MIB else 1


def figures(step: str, home: Home, customers: int) -> dict[str, float]:
    """Measure one step in a process of its own against an empty Redis, and print what it took."""
    with private_redis() as url, Redis.from_url(url, socket_timeout=EMPTYING_SECONDS) as redis:
        before = redis.info("memory")["used_memory"]
        command = [sys.executable, "-m", "proofs.bulk_loader", "--step", step, str(home.root), url]
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        held = redis.info("memory")["used_memory"] - before
        redis.flushdb()  # else the server takes longer to end than anybody waits for it
    taken: dict[str, float] = json.loads(answer.splitlines()[-1])
    taken["rows_per_second"] = customers * len(VIEWS) / taken["seconds"]
    print(
        f"{step}: {customers} customers, {taken['seconds']:.1f} s ({taken['cpu_seconds']:.1f} s of"
        f" CPU), {taken['rows_per_second']:,.0f} rows/s, peak {taken['peak_mib']:.0f} MiB,"
        f" {held / customers:,.0f} bytes of Redis a customer",
        flush=True,
    )
    return taken


def take_step(step: str, root: str, url: str) -> dict[str, float]:
    """Load the features by Feast or in bulk, or the whole bank with its consents."""
    work = prepared(step, Home(Path(root)), url)
    started, busy = time.perf_counter(), time.process_time()
    work()
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - busy
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mib": peak_mib()}


def peak_mib() -> float:
    """Most memory this process ever held; `getrusage` would count its parent's before exec."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def prepared(step: str, home: Home, url: str) -> Callable[[], object]:
    """The work of a step, with every import and registration done before."""
    from training.features.bulk_loader import load_features
    from training.features.feast_registry import materialize_with_feast
    from training.features.online import materialize
    from training.features.registration import apply
    from training.progress import silent

    apply(home, url)
    works: dict[str, Callable[[], object]] = {
        "feast": lambda: materialize_with_feast(home, url),
        "bulk": lambda: load_features(home, Redis.from_url(url), silent),
        "whole": lambda: materialize(home, url),
    }
    return works[step]


if __name__ == "__main__":
    sys.exit(main())
