"""A CSV file as batches of numbered lines, however long it is and whatever is wrong with a line."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO

import polars as pl

from training.tables.errors import ImportRefused
from training.tables.quarantine import REJECTED
from training.tables.validation import LINE

RAW = "__raw__"


@dataclass(frozen=True)
class LineBatch:
    """Lines with the right number of fields (`LINE`, `RAW`), and the others as quarantined."""

    lines: pl.DataFrame
    malformed: pl.DataFrame


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
        while chunk := self._next(size):
            lines, damaged = _decoded(chunk, number)
            yield _split(lines, damaged, len(self.header))
            number += len(chunk)

    def fields(self, lines: pl.DataFrame, wanted: list[str]) -> pl.DataFrame:
        """The wanted columns of the lines, as text, beside `LINE`."""
        if lines.is_empty():
            return pl.DataFrame(schema={**dict.fromkeys(wanted, pl.String), LINE: pl.UInt64})
        text = "\n".join(lines[RAW].to_list()).encode()
        frame = pl.read_csv(
            text,
            has_header=False,
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

    def _next(self, size: int) -> list[bytes]:
        try:
            return list(islice(self._stream, size))
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


def _decoded(chunk: list[bytes], number: int) -> tuple[pl.DataFrame, list[int]]:
    """The lines as text, and the numbers of those that are not UTF-8."""
    damaged: list[int] = []
    try:
        text = b"".join(chunk).decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError:
        text = [line.decode(errors="replace").removesuffix("\n") for line in chunk]
        damaged = [number + i for i, line in enumerate(chunk) if not _is_utf8(line)]
    lines = pl.Series(RAW, text, pl.String).str.strip_chars_end("\r").to_frame()
    numbers = pl.int_range(number, number + len(chunk), dtype=pl.UInt64, eager=True)
    return lines.with_columns(numbers.alias(LINE)), damaged


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _split(lines: pl.DataFrame, damaged: list[int], fields: int) -> LineBatch:
    quoted = pl.col(RAW).str.contains('"', literal=True)
    bare = pl.when(quoted).then(pl.col(RAW).str.replace_all(r'"[^"]*"', "")).otherwise(pl.col(RAW))
    found = bare.str.count_matches(",", literal=True) + 1
    reason = (
        pl.when(pl.col(LINE).is_in(damaged))
        .then(pl.lit("not UTF-8 text"))
        .when(bare.str.contains('"', literal=True))
        .then(pl.lit("a quote is not closed (truncated line?)"))
        .when(found != fields)
        .then(pl.format(f"{{}} of {fields} fields (truncated line?)", found))
    )
    marked = lines.filter(pl.col(RAW).str.strip_chars() != "").with_columns(reason.alias("reason"))
    wrong = marked.filter(pl.col("reason").is_not_null())
    return LineBatch(
        lines=marked.filter(pl.col("reason").is_null()).select(LINE, RAW),
        malformed=wrong.select(
            pl.col(LINE).alias("line"), "reason", quote(pl.col(RAW)).alias("row")
        ).cast(REJECTED),  # type: ignore[arg-type]
    )


def quote(raw: pl.Expr) -> pl.Expr:
    """A raw line as the JSON text quarantine keeps."""
    return pl.struct(raw.alias("raw")).struct.json_encode()
