"""Where this installation lives."""

from __future__ import annotations

import os
from pathlib import Path

from model_registry.home import Home


def local_home() -> Home:
    """`NBO_HOME`, by default `.nbo` in the working directory; nothing is created."""
    return Home(Path(os.environ.get("NBO_HOME") or ".nbo"))
