"""What was on disk at each group commit, kept apart from the log: `<seq> <h>` lines by writer."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from service.adapters.event_log.segment_files import slot_order, sync_folder

SUFFIX = ".anchor"
_SEQ_DIGITS = 20
_LINE_BYTES = _SEQ_DIGITS + 1 + 64 + 1


class Anchor(NamedTuple):
    """The chain of a writer up to `seq` ended in `h`."""

    seq: int
    h: bytes


class AnchorDamaged(Exception):
    """A line of an anchor file is not one that was written."""


def anchor_path(anchors: Path, writer: str) -> Path:
    """Where a writer's anchors lie."""
    return anchors / f"{writer}{SUFFIX}"


def anchored_writers(anchors: Path) -> list[str]:
    """The writers that have an anchor file."""
    try:
        names = [path.name for path in anchors.iterdir()]
    except FileNotFoundError:
        return []
    found = (name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX))
    return sorted(found, key=slot_order)


def count_anchors(path: Path) -> int:
    """How many whole lines there are; a half one at the end was never finished. Raises
    `FileNotFoundError`.
    """
    return path.stat().st_size // _LINE_BYTES


def read_anchors(path: Path, count: int) -> Iterator[Anchor]:
    """The first `count` anchors, oldest first. Raises `AnchorDamaged`."""
    last = 0
    with path.open("rb") as file:
        for _ in range(count):
            anchor = _parsed(file.read(_LINE_BYTES))
            if anchor is None or anchor.seq <= last:
                raise AnchorDamaged
            last = anchor.seq
            yield anchor


def last_anchor(path: Path) -> Anchor | None:
    """The newest anchor; None when there is none. Raises `AnchorDamaged`."""
    try:
        with path.open("rb") as file:
            whole = os.fstat(file.fileno()).st_size // _LINE_BYTES
            if not whole:
                return None
            file.seek((whole - 1) * _LINE_BYTES)
            anchor = _parsed(file.read(_LINE_BYTES))
    except FileNotFoundError:
        return None
    if anchor is None:
        raise AnchorDamaged
    return anchor


class AnchorFile:
    """One writer's anchors, written by its one committing thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._descriptor = os.open(path, flags, 0o600)
        self._size = os.fstat(self._descriptor).st_size
        self._size -= self._size % _LINE_BYTES
        os.ftruncate(self._descriptor, self._size)
        # From here on a missing file is a file somebody took away.
        os.fsync(self._descriptor)
        sync_folder(path.parent)

    def append(self, anchor: Anchor) -> None:
        """Write and fsync one line; leaves no half line. Raises `OSError`."""
        line = f"{anchor.seq:0{_SEQ_DIGITS}d} {anchor.h.hex()}\n".encode()
        os.ftruncate(self._descriptor, self._size)
        if os.write(self._descriptor, line) != _LINE_BYTES:
            os.ftruncate(self._descriptor, self._size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self._descriptor)
        self._size += _LINE_BYTES

    def close(self) -> None:
        """Give the file back."""
        os.close(self._descriptor)


def _parsed(line: bytes) -> Anchor | None:
    seq, space, h = line[:_SEQ_DIGITS], line[_SEQ_DIGITS : _SEQ_DIGITS + 1], line[-65:-1]
    is_hex = all(byte in b"0123456789abcdef" for byte in h)
    if not (seq.isdigit() and space == b" " and line.endswith(b"\n") and is_hex):
        return None
    return Anchor(int(seq), bytes.fromhex(h.decode()))
