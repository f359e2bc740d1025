"""A CSV file as batches of numbered lines, however long it is and whatever is wrong with a line."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl
import pyarrow as pa

from training.tables.errors import ImportRefused
from training.tables.quarantine import REJECTED
from training.tables.validation import LINE

RAW = "__raw__"


_BLOCK_BYTES = 1 << 25
_NONE = pl.DataFrame(schema=REJECTED)


@dataclass(frozen=True)
class LineBatch:
    """Lines with the right number of fields (`LINE`, `RAW`), and the others as quarantined.

    `text` is what the lines stand in, where it holds nothing else.
    """

    lines: pl.DataFrame
    malformed: pl.DataFrame
    text: bytes | None = None


@dataclass
class CsvLines:
    """An open CSV file (plain, .gz or .zip; UTF-8); a quoted field may not span lines."""

    path: Path
    header: list[str] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> CsvLines:
        try:
            self._file = self._stack.enter_context(self.path.open("rb"))
            self._stream = self._stack.enter_context(_decompressed(self.path, self._file))
            self.header = _fields(self._stream.readline(), self.path)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def bytes_read(self) -> int:
        """How far the file on disk has been read."""
        return self._file.tell()

    def batches(self, size: int) -> Iterator[LineBatch]:
        """The lines after the header, numbered as in an editor; empty lines are passed over."""
        number = 2
        for chunk in self._chunks(size):
            lines, damaged = _decoded(chunk, number)
            yield _split(lines, damaged, len(self.header), chunk)
            number += lines.height

    def lines(self, size: int) -> Iterator[pl.DataFrame]:
        """Every line after the header as it stands (`LINE`, `RAW`), whatever is in it."""
        number = 2
        for chunk in self._chunks(size):
            yield _decoded(chunk, number)[0]
            number += chunk.count(b"\n")

    def fields(self, batch: LineBatch, wanted: list[str]) -> pl.DataFrame:
        """The wanted columns of a batch's lines, as text, beside `LINE`."""
        lines = batch.lines
        if lines.is_empty():
            return pl.DataFrame(schema={**dict.fromkeys(wanted, pl.String), LINE: pl.UInt64})
        text = batch.text or "\n".join(lines[RAW].to_list()).encode()
        frame = pl.read_csv(
            text,
            has_header=False,
            columns=[self.header.index(name) for name in wanted],
            new_columns=self.header,
            infer_schema=False,
            raise_if_empty=False,
        )
        if frame.height != lines.height:
            raise ImportRefused(
                f"{self.path}: cannot be read as CSV after line {lines[LINE][0]}: "
                "check the quotes there"
            )
        return frame.select(wanted).with_columns(lines[LINE])

    def _chunks(self, size: int) -> Iterator[bytes]:
        """The bytes of so many lines at a time."""
        rest = b""
        while block := self._read():
            rest += block
            start = 0
            ends = np.flatnonzero(np.frombuffer(rest, np.uint8) == ord("\n")) + 1
            for end in ends[size - 1 :: size]:
                yield rest[start:end]
                start = int(end)
            rest = rest[start:]
        if rest:
            yield rest

    def _read(self) -> bytes:
        try:
            return self._stream.read(_BLOCK_BYTES)
        except (EOFError, OSError, zipfile.BadZipFile) as error:
            raise ImportRefused(
                f"{self.path}: damaged archive ({error}): fetch it again"
            ) from error


def _decompressed(path: Path, file: IO[bytes]) -> IO[bytes]:
    if path.suffix == ".gz":
        return io.BufferedReader(gzip.GzipFile(fileobj=file))
    if path.suffix != ".zip":
        return file
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise ImportRefused(f"{path}: not a zip archive: fetch it again") from error
    members = [name for name in archive.namelist() if name.endswith(".csv")]
    if len(members) != 1:
        raise ImportRefused(f"{path}: holds {len(members)} .csv files, expected one")
    return archive.open(members[0])


def _fields(line: bytes, path: Path) -> list[str]:
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefused(f"{path}: its first line is not UTF-8 text") from error
    names = [name.strip() for row in csv.reader([text]) for name in row]
    if not any(names) or len(set(names)) < len(names):
        problem = "repeats a column name" if any(names) else "is empty"
        raise ImportRefused(f"{path}: its first line {problem}, expected the column names")
    return names


def _decoded(chunk: bytes, number: int) -> tuple[pl.DataFrame, list[int]]:
    """The lines as text, and the numbers of those that are not UTF-8."""
    damaged: list[int] = []
    ends = np.flatnonzero(np.frombuffer(chunk, np.uint8) == ord("\n")) + 1
    if not chunk.endswith(b"\n"):
        ends = np.append(ends, len(chunk))
    offsets = pa.py_buffer(np.concatenate([[0], ends]).astype(np.int64))
    lines = pa.LargeStringArray.from_buffers(len(ends), offsets, pa.py_buffer(chunk))
    try:
        lines.validate(full=True)
        text = pl.Series(RAW, lines)
    except pa.ArrowInvalid:
        raw = chunk.removesuffix(b"\n").split(b"\n")
        damaged = [number + i for i, line in enumerate(raw) if not _is_utf8(line)]
        text = pl.Series(RAW, [line.decode(errors="replace") for line in raw], pl.String)
    numbers = pl.int_range(number, number + len(ends), dtype=pl.UInt64, eager=True)
    return text.str.strip_chars_end("\r\n").to_frame().with_columns(numbers.alias(LINE)), damaged


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _split(lines: pl.DataFrame, damaged: list[int], fields: int, chunk: bytes) -> LineBatch:
    """Most lines have no quote and the right number of commas; only the others are looked at."""
    plain = ~pl.col(RAW).str.contains('"', literal=True)
    whole = pl.col(RAW).str.count_matches(",", literal=True) == fields - 1
    if fields == 1:
        whole &= pl.col(RAW).str.strip_chars() != ""
    odd = lines.filter(~(plain & whole) | pl.col(LINE).is_in(damaged))
    marked = odd.with_columns(_reason(damaged, fields).alias("reason"))
    left_out = marked.filter(pl.col("reason").is_not_null())
    if left_out.is_empty():
        return LineBatch(lines.select(LINE, RAW), _NONE, chunk)
    wrong = left_out.filter(pl.col(RAW).str.strip_chars() != "")
    return LineBatch(
        lines=lines.join(left_out, on=LINE, how="anti", maintain_order="left").select(LINE, RAW),
        malformed=wrong.select(
            pl.col(LINE).alias("line"), "reason", quote(pl.col(RAW)).alias("row")
        ).cast(REJECTED),  # type: ignore[arg-type]
    )


def _reason(damaged: list[int], fields: int) -> pl.Expr:
    """Why a line is no row, an empty one too; null where it is one."""
    bare = pl.col(RAW).str.replace_all(r'"[^"]*"', "")
    found = bare.str.count_matches(",", literal=True) + 1
    return (
        pl.when(pl.col(LINE).is_in(damaged))
        .then(pl.lit("not UTF-8 text"))
        .when(bare.str.contains('"', literal=True))
        .then(pl.lit("a quote is not closed (truncated line?)"))
        .when((found != fields) | (pl.col(RAW).str.strip_chars() == ""))
        .then(pl.format(f"{{}} of {fields} fields (truncated line?)", found))
    )


def quote(raw: pl.Expr) -> pl.Expr:
    """A raw line as the JSON text quarantine keeps."""
    return pl.struct(raw.alias("raw")).struct.json_encode()
