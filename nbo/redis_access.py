"""The embedded server's password: made anew at every start, readable by its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

DIRECTIVE = "requirepass "
# The letters in front matter: Feast reads option values as JSON, and digits alone are a number.
PREFIX = "nbo-"
PASSWORD_BYTES = 24


def make_private(directory: Path) -> None:
    """The directory, existing and closed to everybody but its owner."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)


def write_password(file: Path) -> None:
    """A fresh password as a Redis configuration file: a command line is open to everybody."""
    draft = file.with_name(f"{file.name}.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(f"{DIRECTIVE}{PREFIX}{secrets.token_hex(PASSWORD_BYTES)}\n")
    draft.replace(file)


def read_password(file: Path) -> str | None:
    """The password in this file, None when there is no such file."""
    try:
        return file.read_text(encoding="ascii").removeprefix(DIRECTIVE).strip()
    except FileNotFoundError:
        return None
