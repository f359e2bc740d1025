"""What a worker reads again of its own chain, and the note it keeps beside it.

The note is no part of the chain: `<root>/<writer>.note`, a SHA-256 in hex, a line end, the bytes.
It lies beside the writer's folder, for a folder that changes is looked through by every reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from model_registry.durable_files import replace_durably
from service.adapters.event_log.book import written_at
from service.adapters.event_log.format import KINDS
from service.adapters.event_log.segment_files import segments_in
from service.adapters.event_log.segment_reading import read_headers
from service.ports.event_log import OwnPlace


def own_places(folder: Path, *, after: int, since: datetime | None) -> Iterator[OwnPlace]:
    """The records of a writer's folder behind `after`, by their headers alone: what they hold is
    checked where it is found by its key.
    """
    segments = segments_in(folder)
    for segment, following in zip(segments, [*segments[1:], None], strict=True):
        if following is not None and following.first_seq <= after + 1:
            continue
        if since is not None and segment.path.stat().st_mtime < since.timestamp():
            continue
        for _, header in read_headers(segment.path):
            is_wanted = header.seq > after and (since is None or written_at(header) >= since)
            if is_wanted and 1 <= header.kind <= len(KINDS):
                yield OwnPlace(header.seq, KINDS[header.kind - 1], header.key)


def note_path(folder: Path) -> Path:
    """Where the note of the writer of this folder lies."""
    return folder.with_name(f"{folder.name}.note")


def read_note(folder: Path) -> bytes:
    """The note; empty when there is none or it is not what was written."""
    try:
        digest, _, note = note_path(folder).read_bytes().partition(b"\n")
    except OSError:
        return b""
    return note if digest == _digest(note) else b""


def write_note(folder: Path, note: bytes) -> None:
    """Replace the note; readers and power cuts find the old one or the new. Raises `OSError`."""
    replace_durably(note_path(folder), _digest(note) + b"\n" + note)


def _digest(note: bytes) -> bytes:
    return sha256(note).hexdigest().encode()
