"""Where a writer's records lie: `<writer>/<first seq>.log`, in files that follow each other."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SUFFIX = ".log"
_DIGITS = 20


@dataclass(frozen=True, order=True)
class SegmentFile:
    """One segment by the seq of its first record."""

    first_seq: int
    path: Path

    @property
    def writer(self) -> str:
        """The slot whose folder it lies in."""
        return self.path.parent.name

    @property
    def keys_path(self) -> Path:
        """(key, offset) of its records in the order of writing, while it grows."""
        return self.path.with_suffix(".keys")

    @property
    def index_path(self) -> Path:
        """(key, offset) of its records in the order of keys, once it is full."""
        return self.path.with_suffix(".index")


def segment_file(folder: Path, first_seq: int) -> SegmentFile:
    """The segment of a writer's folder that begins with this record."""
    return SegmentFile(first_seq, folder / f"{first_seq:0{_DIGITS}d}{SUFFIX}")


def segments_in(folder: Path) -> list[SegmentFile]:
    """A writer's segments in order; none when it has no folder."""
    try:
        names = [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    stems = [name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)]
    seqs = sorted(int(stem) for stem in stems if len(stem) == _DIGITS and stem.isdecimal())
    return [segment_file(folder, seq) for seq in seqs]


def writers_in(root: Path) -> list[str]:
    """The writers that have a folder, w2 before w10."""
    try:
        with os.scandir(root) as entries:
            names = [entry.name for entry in entries if entry.is_dir()]
    except FileNotFoundError:
        return []
    return sorted(names, key=slot_order)


def slot_order(writer: str) -> tuple[int, str]:
    """Sorts slots by their number."""
    return len(writer), writer


def sync_folder(folder: Path) -> None:
    """Make new, renamed and removed names of a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
