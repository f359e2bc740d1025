"""The installation's key for tracking tokens: made once, shared by all workers of one home."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from service.errors import SettingsInvalid

KEY_FILE = "tracking.key"
KEY_BYTES = 32


def tracking_key(folder: Path) -> bytes:
    """The key in this folder, readable by its owner only; the first caller makes it."""
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _make(path)
        return path.read_bytes()
    except OSError as error:
        raise SettingsInvalid(
            f"{path} cannot be made or read ({error.strerror}): free disk space or mend access"
            " to NBO_HOME"
        ) from None


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{KEY_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: of two workers that start at once, the first one's key stays.
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
