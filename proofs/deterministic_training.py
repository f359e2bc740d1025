"""One seed and lock give one model: real history, its rows shuffled, trained twice, byte for byte.

make prove NAME=deterministic_training ARGS="--panel acquirer_panel.parquet"
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl

TRAIN_UNTIL = "2016-03-28"
SIGNED_ANEW = {"manifest.json", "manifest.sig"}


def main() -> int:
    """Exit code 0 when every model file is equal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panel", type=Path, required=True, help="the acquirer panel (Parquet)")
    panel = parser.parse_args().panel
    with tempfile.TemporaryDirectory() as folder:
        shuffled = Path(folder) / "shuffled.parquet"
        pl.read_parquet(panel).sample(fraction=1.0, shuffle=True, seed=3).write_parquet(shuffled)
        first = digests_of_training(panel, Path(folder) / "first")
        second = digests_of_training(shuffled, Path(folder) / "second")
    differing = sorted(name for name in first | second if first.get(name) != second.get(name))
    print(f"model files compared: {len(first)}; differing: {len(differing)} (target 0)")
    for name in differing:
        print(f"  {name}")
    return 1 if differing or not first else 0


def digests_of_training(panel: Path, home: Path) -> dict[str, str]:
    """SHA-256 of every file of a bundle trained on the panel, but for its dated signature."""
    source = ["--source", "santander", "--path", str(panel), "--train-until", TRAIN_UNTIL]
    command = [sys.executable, "-m", "nbo", "train", *source]
    subprocess.run(command, env=os.environ | {"NBO_HOME": str(home)}, check=True)
    (bundle,) = (entry for entry in (home / "models").iterdir() if entry.is_dir())
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(bundle.iterdir())
        if file.name not in SIGNED_ANEW
    }


if __name__ == "__main__":
    sys.exit(main())
