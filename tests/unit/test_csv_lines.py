"""CSV lines read in batches: whatever the batch size, ends of line and odd lines between."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from training.importers.csv_lines import RAW, CsvLines
from training.tables.validation import LINE

PLAIN = [f"{n},name {n},{n / 2}" for n in range(40)]
ODD = [*PLAIN[:5], "", '5,"a, b",2', "   ", *PLAIN[6:9], "1,2", '7,"open', *PLAIN[9:]]


def read(path: Path, text: str, size: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    path.write_bytes(text.encode())
    with CsvLines(path) as file:
        batches = list(file.batches(size))
        rows = [file.fields(batch, ["name", "id", "half"]) for batch in batches]
    return pl.concat(rows), pl.concat([batch.malformed for batch in batches])


@pytest.mark.parametrize("lines", [PLAIN, ODD], ids=["plain", "odd"])
@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["unix", "windows"])
def test_batches_and_ends_of_line_change_nothing(tmp_path, lines, size, ending):
    text = "\n".join(["id,name,half", *lines])
    whole = read(tmp_path / "a.csv", text + "\n", 10**6)
    again = read(tmp_path / "b.csv", text.replace("\n", ending) + ending, size)
    assert all(one.equals(other) for one, other in zip(whole, again, strict=True))
    cut = read(tmp_path / "c.csv", text.replace("\n", ending), size)
    assert cut[0].equals(whole[0])


def test_odd_lines_are_named_and_the_others_read(tmp_path):
    rows, malformed = read(tmp_path / "a.csv", "\n".join(["id,name,half", *ODD]), 10)
    assert malformed.select("line", "reason").rows() == [
        (13, "2 of 3 fields (truncated line?)"),
        (14, "a quote is not closed (truncated line?)"),
    ]
    assert rows.filter(pl.col(LINE) == 8).rows() == [("a, b", "5", "2", 8)]
    assert rows.height == len(ODD) - 4


def test_empty_lines_of_a_file_with_one_column_are_passed_over(tmp_path):
    (tmp_path / "a.csv").write_text("id\na\n\n \nb\n")
    with CsvLines(tmp_path / "a.csv") as file:
        (batch,) = file.batches(10)
        assert file.fields(batch, ["id"]).rows() == [("a", 2), ("b", 5)]


def test_a_line_longer_than_a_block_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("training.importers.csv_lines._BLOCK_BYTES", 16)
    rows, _ = read(tmp_path / "a.csv", f"id,name,half\n1,{'x' * 100},2\n3,y,4\n", 1)
    assert rows["name"].str.len_chars().to_list() == [100, 1]


def test_every_line_can_be_read_again_as_it_stands(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("\n".join(["id,name,half", *ODD, "1,Ñ,2"]).encode("latin-1"))
    with CsvLines(path) as file:
        lines = pl.concat(file.lines(7))
    assert lines[LINE].to_list() == list(range(2, len(ODD) + 3))
    assert lines[RAW].to_list()[:-1] == ODD
