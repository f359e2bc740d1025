"""Where this installation's event log and its anchors lie."""

from __future__ import annotations

import os
from pathlib import Path

from nbo.errors import UsageRefused
from nbo.local_home import local_home


def log_folder() -> Path:
    """`NBO_HOME/log`."""
    return local_home().root / "log"


def anchors_folder() -> Path:
    """`NBO_ANCHORS`, by default `NBO_HOME/anchors`."""
    return Path(os.environ.get("NBO_ANCHORS") or local_home().root / "anchors")


def refuse_without_log() -> None:
    """Raises `UsageRefused` when nothing was ever recorded here."""
    if not log_folder().exists() and not anchors_folder().exists():
        raise UsageRefused(
            f"there is no event log in {local_home().root}: `nbo serve` begins one; or point"
            " NBO_HOME to where it runs"
        )


def on_one_volume(*folders: Path) -> bool:
    """Whether these folders are there and lie on the same device."""
    if not all(folder.exists() for folder in folders):
        return False
    return len({folder.stat().st_dev for folder in folders}) == 1
