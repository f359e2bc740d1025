"""Follows one writer's chain from its first record to its last, beside its anchors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from service.adapters.event_log.anchors import (
    Anchor,
    AnchorDamaged,
    anchor_path,
    count_anchors,
    read_anchors,
)
from service.adapters.event_log.book import written_at
from service.adapters.event_log.format import KINDS, START, Header
from service.adapters.event_log.verdict import WriterVerdict


class ChainBroken(Exception):
    """The first record that is not where, or what, it should be."""

    def __init__(self, seq: int, problem: str) -> None:
        super().__init__(problem)
        self.seq, self.problem = seq, problem


class AnchorCheck:
    """A writer's anchors as they are when this is made, oldest first."""

    def __init__(self, anchors: Path, writer: str) -> None:
        self._path = anchor_path(anchors, writer)
        try:
            self._count: int | None = count_anchors(self._path)
        except FileNotFoundError:
            self._count = None
        self._anchors: Iterator[Anchor] = iter(())
        self._next: Anchor | None = None
        self.passed_seq = self.last_seq = 0

    def open(self, *, has_records: bool) -> None:
        """Begin with the first. Raises `ChainBroken` when records stand there without anchors."""
        if self._count is None:
            if has_records:
                raise ChainBroken(1, f"{self._path.name} is missing: is NBO_ANCHORS right?")
            return
        try:
            for anchor in read_anchors(self._path, self._count):
                self.last_seq = anchor.seq
        except AnchorDamaged:
            pass  # named where the chain comes to it
        self._anchors = read_anchors(self._path, self._count)
        self._advance()

    def passing(self, seq: int, h: bytes) -> None:
        """The chain has come to this record. Raises `ChainBroken` when an anchor says else."""
        if self._next is None or seq < self._next.seq:
            return
        if h != self._next.h:
            raise ChainBroken(seq, "it is not the record that was anchored")
        self.passed_seq = seq
        self._advance()

    def end(self, seq: int) -> None:
        """The chain ends here. Raises `ChainBroken` when an anchor names a later record."""
        if self._next is not None:
            raise ChainBroken(
                seq + 1, f"it is missing, as is all up to the anchored record {self.last_seq}"
            )

    def _advance(self) -> None:
        try:
            self._next = next(self._anchors, None)
        except AnchorDamaged:
            raise ChainBroken(self.passed_seq + 1, "the next anchor is altered") from None


class ChainCheck:
    """Where the chain is; what it has counted goes into the verdict."""

    def __init__(self, verdict: WriterVerdict, anchors: AnchorCheck) -> None:
        self.verdict, self.anchors = verdict, anchors
        self.seq, self._h = 0, START

    def begin_segment(self, first_seq: int) -> None:
        """A segment's name tells which record it begins with. Raises `ChainBroken`."""
        if first_seq > self.seq + 1:
            raise ChainBroken(self.seq + 1, f"it is missing, as is all up to record {first_seq}")
        if first_seq <= self.seq:
            raise ChainBroken(first_seq, "it stands in two segments")

    def follow(self, header: Header) -> None:
        """The next record, intact by itself. Raises `ChainBroken`."""
        due = self.seq + 1
        if header.seq != due:
            raise ChainBroken(due, f"record {header.seq} stands in its place")
        if header.previous != self._h:
            raise ChainBroken(due, "it does not follow the record before it")
        self.seq, self._h = header.seq, header.h
        self.anchors.passing(self.seq, self._h)
        self.verdict.records += 1
        kind = KINDS[header.kind - 1]
        self.verdict.kinds[kind] = self.verdict.kinds.get(kind, 0) + 1
        self.verdict.anchored_seq = self.anchors.passed_seq
        self.verdict.last_at = written_at(header)
        self.verdict.first_at = self.verdict.first_at or self.verdict.last_at
