"""Where this installation lives."""

from __future__ import annotations

import os
from pathlib import Path

from model_registry.errors import HomeInvalid
from model_registry.home import Home


def local_home() -> Home:
    """`NBO_HOME`, by default `.nbo` in the working directory; nothing is created."""
    return Home(Path(os.environ.get("NBO_HOME") or ".nbo"))


def existing_home() -> Home:
    """The same; `HomeInvalid` where there is no folder, for commands that have no use for none."""
    home = local_home()
    if home.root.is_dir():
        return home
    if os.path.lexists(home.root):
        raise HomeInvalid(_unusable(home.root))
    raise HomeInvalid(
        f"NBO_HOME={home.root} is not there: run `nbo data simulate` or `nbo data import` first"
    )


def home_trouble(error: OSError) -> str | None:
    """What to say of a failure in the home when the home itself is what is wrong; else None."""
    root = local_home().root
    if error.filename is None or not _is_on_the_way(root, os.fsdecode(error.filename)):
        return None
    # With the dot only a folder passes.
    is_usable = os.access(f"{root}/.", os.R_OK | os.W_OK | os.X_OK)
    return None if is_usable else _unusable(root)


def _is_on_the_way(root: Path, file: str) -> bool:
    """Whether the file lies in the home, or is a folder the home would lie in."""
    here, there = root.absolute(), Path(file).absolute()
    return there.is_relative_to(here) or here.is_relative_to(there)


def _unusable(root: Path) -> str:
    return f"NBO_HOME={root} is not a folder I can read and write"
