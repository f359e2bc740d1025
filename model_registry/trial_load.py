"""A bundle's first load, in a child process.

A text of trees that was signed and is wrong all the same can end the process that parses it, and a
compiled ranker is native code. So the first load of a bundle is made here, in a child process with
limits, and the service loads only what this one survived.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

from model_registry.errors import BundleRefused, RegistryError
from model_registry.home import Home
from model_registry.model_loading import load_model
from model_registry.rates import RATES_FILE
from model_registry.rates import Rates as RatesDocument
from model_registry.store import ModelStore

MOST_SECONDS = 60
MOST_BYTES = 4 << 30
REFUSED = 3
CHILD = "model_registry.trial_child"
NEEDED = (
    "HOME", "LANG", "LD_LIBRARY_PATH", "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "OPENBLAS_NUM_THREADS",
    "PATH", "TMPDIR",
)  # fmt: skip


def try_to_load(home: Home, bundle_id: str, *, prefers_compiled: bool) -> None:
    """Nothing when a child process could load the bundle and score its golden rows, else
    `BundleRefused`.
    """
    # -P: the working directory may hold anybody's files. Of the environment only what loading
    # needs: a child that is there to crash has no business with passwords.
    command = [sys.executable, "-P", "-m", CHILD, str(home.root), bundle_id]
    environment = {key: os.environ[key] for key in NEEDED if key in os.environ}
    root = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    try:
        child = subprocess.run(
            [*command, "compiled" if prefers_compiled else "lightgbm"],
            env=environment | {"PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BundleRefused(
            f"bundle {bundle_id} did not load within {MOST_SECONDS} s in a trial: train again"
        ) from None
    if child.returncode == REFUSED:
        raise BundleRefused(child.stdout.decode(errors="replace").strip())
    if child.returncode:
        raise BundleRefused(
            f"bundle {bundle_id} ends the process that loads it (tried in a child, exit code"
            f" {child.returncode}): train again"
        )


def load_within_limits(home: Home, bundle_id: str, *, prefers_compiled: bool) -> int:
    """What the child does: load and check, and print why it refuses; returns its exit code."""
    _limit()
    try:
        bundle = ModelStore(home).open(bundle_id)
        RatesDocument.decode(bundle.file(RATES_FILE))
        load_model(home, bundle, prefers_compiled=prefers_compiled)
    except (RegistryError, ValueError, OSError) as error:
        sys.stdout.write(str(error))
        return REFUSED
    return 0


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
