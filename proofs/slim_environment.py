"""What serving costs: the size of its environment, and the memory of each worker that decided.

make prove NAME=slim_environment ARGS="--customers 2000 --workers 2"
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from benchmarks.bench_bank import build_bank, catalogue_folder, customer_ids
from benchmarks.questions import decision_body
from tests.redis_server import private_redis
from tests.serving_process import Serving, serving
from training.features.online import materialize

RECIPE = Path(__file__).parents[1] / "scripts" / "slim_environment"
DECISIONS, PER_CONNECTION = 1_000, 20
MOST_MEGABYTES, MOST_RESIDENT_MIB = 300.0, 120.0


def main() -> int:
    """Exit code 0 when both figures meet their target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        environment = root / "environment"
        subprocess.run(
            [RECIPE, environment], env=os.environ | {"PYTHON": sys.executable}, check=True
        )
        size = megabytes(environment)
        print(f"environment: {size:.0f} MB (target <= {MOST_MEGABYTES:.0f})")
        most = most_resident(root, environment, customers=given.customers, workers=given.workers)
        print(f"largest worker: {most:.0f} MiB (target <= {MOST_RESIDENT_MIB:.0f})")
    return 0 if size <= MOST_MEGABYTES and most <= MOST_RESIDENT_MIB else 1


def megabytes(environment: Path) -> float:
    """The bytes of all files of the environment, in millions."""
    files = (path for path in environment.rglob("*") if not path.is_symlink() and path.is_file())
    return sum(path.stat().st_size for path in files) / 1e6


def most_resident(root: Path, environment: Path, *, customers: int, workers: int) -> float:
    """The resident MiB of the largest worker after its share of the decisions."""
    home = build_bank(root / "home", customers)
    with private_redis() as url:
        materialize(home, url)
        variables = {
            "PATH": os.defpath,
            "NBO_HOME": str(home.root),
            "NBO_CATALOGUE": str(catalogue_folder(home)),
            "NBO_REDIS_URL": url,
        }
        command = [str(environment / "bin" / "nbo")]
        with serving(command, variables, root, workers=workers) as service:
            decide(service, customers)
            return max([resident(worker) for worker in service.workers()])


def decide(service: Serving, customers: int) -> None:
    """A thousand decisions, every one `full`, over connections that reach every worker."""
    ids = customer_ids(0, customers)
    for start in range(0, DECISIONS, PER_CONNECTION):
        with httpx.Client(base_url=service.client.base_url, timeout=10) as connection:
            for number in range(start, start + PER_CONNECTION):
                body = decision_body(ids[number % customers])
                answer = connection.post("/v1/decisions", content=body)
                if answer.json()["served_from"] != "full":
                    raise SystemExit(f"a decision was not full: {answer.text[:300]}")


def resident(process: int) -> float:
    """Prints resident and proportional memory of a process; returns the resident MiB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    kib = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    print(f"worker: resident {kib['Rss'] / 1024:.0f} MiB, proportional {kib['Pss'] / 1024:.0f} MiB")
    return kib["Rss"] / 1024


if __name__ == "__main__":
    sys.exit(main())
