"""Reads a segment record by record, in bounded memory; never maps a file that a writer may cut."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from service.adapters.event_log.format import (
    BODY_AT,
    HEADER_BYTES,
    MAGIC,
    MOST_PAYLOAD_BYTES,
    Header,
    body_problem,
    header_problem,
    unpack,
)

_AT_ONCE = 2**18


class ReadRecord(NamedTuple):
    """A record and where it begins; `body` is salt and payload."""

    offset: int
    header: Header
    body: bytes


class Broken(Exception):
    """Reading stopped: the record at `offset` is not what was written, or not all of it is."""

    def __init__(self, offset: int, problem: str, *, is_unfinished: bool = False) -> None:
        super().__init__(problem)
        self.offset, self.problem, self.is_unfinished = offset, problem, is_unfinished


def read_all(path: Path, writer: str, offset: int = 0) -> Iterator[ReadRecord]:
    """Every record from there on, each checked by itself; raises `Broken` at the first that is not
    intact.
    """
    with path.open("rb", buffering=_AT_ONCE) as file:
        size, name = os.fstat(file.fileno()).st_size, writer.encode()
        file.seek(offset)
        while offset < size:
            record = _read_one(file, offset, size, name)
            yield record
            offset += record.header.record_bytes


def read_headers(path: Path, offset: int = 0) -> Iterator[tuple[int, Header]]:
    """(offset, header) from a record's start on, as far as headers follow each other; unchecked
    but for that, so it may end early, and never raises for damage.
    """
    with path.open("rb", buffering=_AT_ONCE) as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(offset)
        while offset + BODY_AT <= size:
            header = unpack(file.read(HEADER_BYTES))
            if header.magic != MAGIC or offset + header.record_bytes > size:
                return
            yield offset, header
            offset += header.record_bytes
            file.seek(offset)


def read_at(path: Path, offset: int) -> ReadRecord | None:
    """The record that is said to begin here, unchecked; None when none can."""
    with path.open("rb", buffering=0) as file:
        return _pread(file.fileno(), offset)


def problem_of(record: ReadRecord, writer: str) -> str:
    """What is wrong with the record taken by itself; empty when nothing is."""
    return header_problem(record.header, writer.encode()) or body_problem(
        record.header, record.body
    )


def intact_record_follows(path: Path, writer: str, offset: int) -> bool:
    """Whether a whole record of this writer lies somewhere behind `offset`."""
    with path.open("rb") as file:
        file.seek(offset)
        rest = file.read()
        place = rest.find(MAGIC, 1)
        while place >= 0:
            record = _pread(file.fileno(), offset + place)
            if record is not None and not problem_of(record, writer):
                return True
            place = rest.find(MAGIC, place + 1)
    return False


def _read_one(file: BinaryIO, offset: int, size: int, writer: bytes) -> ReadRecord:
    raw = file.read(HEADER_BYTES)
    if len(raw) < HEADER_BYTES:
        raise Broken(offset, "the file ends inside it", is_unfinished=True)
    header = unpack(raw)
    if problem := header_problem(header, writer):
        raise Broken(offset, problem)
    if offset + header.record_bytes > size:
        raise Broken(offset, "the file ends inside it", is_unfinished=True)
    body = file.read(header.record_bytes - HEADER_BYTES)
    if problem := body_problem(header, body):
        raise Broken(offset, problem)
    return ReadRecord(offset, header, body)


def _pread(descriptor: int, offset: int) -> ReadRecord | None:
    if offset >= os.fstat(descriptor).st_size:
        return None
    raw = os.pread(descriptor, HEADER_BYTES, offset)
    if len(raw) < HEADER_BYTES:
        return None
    header = unpack(raw)
    if header.magic != MAGIC or header.length > MOST_PAYLOAD_BYTES:
        return None
    body_bytes = header.record_bytes - HEADER_BYTES
    body = os.pread(descriptor, body_bytes, offset + HEADER_BYTES)
    return ReadRecord(offset, header, body) if len(body) == body_bytes else None
