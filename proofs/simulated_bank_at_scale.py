"""100,000 simulated customers x 12 months: within 2 minutes and 4 GiB, and linear from 25,000 on.

make prove NAME=simulated_bank_at_scale
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from proofs.measured_command import Usage, measured_nbo

SECONDS, GIB = 120.0, 4.0
MOST_GROWTH = 1.25
"""Processor seconds per customer of the large bank, over those of the small one."""


def main() -> int:
    """Exit code 0 when time, memory and growth are within their targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where the banks are made and removed again")
    arguments = parser.parse_args()
    count = arguments.customers
    small, large = (_simulated(n, arguments.folder) for n in (count // 4, count))
    growth = large.cpu_seconds / small.cpu_seconds / 4
    print(f"time: {large.wall_seconds:.1f} s (target {SECONDS:.0f} s)")
    print(f"peak memory: {large.peak_gib:.2f} GiB (target {GIB:.0f} GiB)")
    print(f"processor seconds per customer, {count} over {count // 4}: {growth:.2f}")
    print(f"  (target at most {MOST_GROWTH})")
    met = large.wall_seconds <= SECONDS and large.peak_gib <= GIB and growth <= MOST_GROWTH
    return 0 if met else 1


def _simulated(customers: int, folder: Path | None) -> Usage:
    with tempfile.TemporaryDirectory(dir=folder) as home:
        bank = ["--customers", str(customers), "--days", "365", "--seed", "7"]
        usage = measured_nbo(["data", "simulate", *bank], Path(home))
    print(
        f"{customers} customers: {usage.wall_seconds:.1f} s, "
        f"{usage.cpu_seconds:.1f} processor seconds, {usage.peak_gib:.2f} GiB"
    )
    return usage


if __name__ == "__main__":
    sys.exit(main())
