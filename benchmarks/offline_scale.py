"""Time and peak memory of the offline half at several sizes of the simulated bank.

Each step is the real command in a process of its own; the bank is 12 months long.

python -m benchmarks.offline_scale --sizes 5000,20000,100000 --json offline_scale.json
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from proofs.measured_command import Usage, measured_nbo

STEPS = ("simulate", "import", "features", "train")


@dataclass(frozen=True)
class Measured:
    """One step at one size."""

    step: str
    customers: int
    usage: Usage

    @property
    def line(self) -> str:
        """A line of the table."""
        used = self.usage
        per_million = used.cpu_seconds / self.customers * 1e6
        return (
            f"{self.step:<10}{self.customers:>10}{used.wall_seconds:>10.1f}"
            f"{used.cpu_seconds:>10.1f}{used.peak_gib:>10.2f}{per_million:>14.0f}"
        )


def main() -> int:
    """Measure, print a table, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=_sizes, default=(5_000, 20_000, 100_000))
    parser.add_argument("--steps", type=_steps, default=STEPS, help=",".join(STEPS))
    parser.add_argument("--json", type=Path, default=Path("offline_scale.json"))
    parser.add_argument("--folder", type=Path, help="where the banks are made and removed again")
    arguments = parser.parse_args()
    print(f"{'step':<10}{'customers':>10}{'wall s':>10}{'cpu s':>10}{'GiB':>10}{'cpu s / 1M':>14}")
    measured = []
    for customers in arguments.sizes:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            for step in _measure(Path(folder), customers, arguments.steps):
                measured.append(step)
                print(step.line, flush=True)
    document = {"processors": len(os.sched_getaffinity(0)), "steps": list(map(asdict, measured))}
    arguments.json.write_text(json.dumps(document, indent=1) + "\n")
    return 0


def _measure(folder: Path, customers: int, steps: tuple[str, ...]) -> Iterator[Measured]:
    home = folder / "home"
    bank = ["--customers", str(customers), "--days", "365", "--seed", "7"]
    yield Measured("simulate", customers, measured_nbo(["data", "simulate", *bank], home))
    if "import" in steps:
        tables = ["--path", str(home / "tables"), "--bank", "imported", "--currency", "CNY"]
        imported = folder / "imported"
        usage = measured_nbo(["data", "import", "tables", *tables], imported)
        shutil.rmtree(imported)
        yield Measured("import", customers, usage)
    if "features" in steps:
        yield Measured("features", customers, measured_nbo(["features", "apply"], home))
    if "train" in steps:
        yield Measured("train", customers, measured_nbo(["train"], home))


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def _steps(text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    if unknown := set(chosen) - set(STEPS):
        raise argparse.ArgumentTypeError(f"no step {', '.join(sorted(unknown))}")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
