"""Runs work in a real process that kills itself at a failpoint."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

from model_registry.failpoints import VARIABLE

SECONDS = 120
_CONTEXT = multiprocessing.get_context("forkserver")
# Children fork from a server that has imported what takes long, and has run nothing of it.
_CONTEXT.set_forkserver_preload(["training.features.online", "tests.bundle_drafts"])


def killed_at(point: str, work: Callable[..., object], *arguments: Path | str) -> None:
    """Do the work in a child until it comes to the point; fails when it never does."""
    child = _CONTEXT.Process(target=_armed, args=(point, work, arguments))
    child.start()
    child.join(SECONDS)
    code = child.exitcode
    if code is None:
        child.kill()
        child.join()
    child.close()
    assert code == -signal.SIGKILL, f"the child ended with {code} instead of dying at {point}"


def _armed(point: str, work: Callable[..., object], arguments: tuple[Path | str, ...]) -> None:
    os.environ[VARIABLE] = point
    work(*arguments)
