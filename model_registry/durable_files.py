"""Writing files so that readers and power cuts find the old content or the new."""

from __future__ import annotations

import os
from pathlib import Path

from model_registry.failpoints import reach


def write_durably(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Create the file with this content and flush it to disk; an existing file is an error.

    When the content cannot be written, because the disk is full, there is no file.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def replace_durably(path: Path, content: bytes) -> None:
    """Replace the file's content atomically."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    write_durably(temporary, content)
    reach("durable_file.before_rename")
    temporary.replace(path)
    flush_directory(path.parent)


def flush_directory(directory: Path) -> None:
    """Make renames and creations inside the directory survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
