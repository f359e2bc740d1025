"""The original Santander file at full size (13.6 M lines, 48 columns): imported within 4 GiB.

The file is written first, month by month, in the original's format and with its oddities.

make prove NAME=import_full_history
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from model_registry.home import Home
from proofs.measured_command import measured_nbo
from tests.data.santander_original import write_file

GIB = 4.0
LINES, MONTHS, CUSTOMERS = 13_600_000, 17, 950_000
FIRST_SHARE = 0.684
"""Of the customers, those there in the first month: with them the lines become 13.6 million."""


def main() -> int:
    """Exit code 0 when no line is lost and the memory stays within the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the file is written and removed again")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        return _prove(Path(folder), arguments.customers)


def _prove(folder: Path, customers: int) -> int:
    file, home = folder / "train_ver2.csv", Home(folder / "home")
    written = write_file(file, customers=customers, months=MONTHS, first_share=FIRST_SHARE)
    gigabytes = file.stat().st_size / 1e9
    print(f"written: {written.rows} lines of {customers} customers, {gigabytes:.2f} GB", flush=True)
    usage = measured_nbo(["data", "import", "santander", "--path", str(file)], home.root)
    kept, expected = home.bank().row_counts["holdings"], written.rows - written.repeated
    is_full = customers < CUSTOMERS or written.rows >= LINES
    print(f"snapshots kept: {kept} (target {expected})")
    print(
        f"time: {usage.wall_seconds / 60:.1f} minutes, {usage.cpu_seconds:.0f} processor seconds, "
        f"{written.rows / usage.wall_seconds:.0f} lines/s"
    )
    print(f"peak memory: {usage.peak_gib:.2f} GiB (target {GIB:.0f} GiB)")
    return 0 if kept == expected and usage.peak_gib <= GIB and is_full else 1


if __name__ == "__main__":
    sys.exit(main())
