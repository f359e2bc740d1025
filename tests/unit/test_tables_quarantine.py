"""Rows that could not be used are kept with line and reason."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from training.tables.quarantine import REJECTED, Quarantine


def _rejected(*rows: tuple[int, str]) -> pl.DataFrame:
    return pl.DataFrame([(line, reason, '{"a":"x,y"}') for line, reason in rows], REJECTED,
                        orient="row")  # fmt: skip


def test_appends_under_one_header_and_counts(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "quarantine")
    quarantine.add("events", _rejected((7, "late"), (3, "bad")))
    quarantine.add("events", _rejected((9, "late")))
    kept = pl.read_csv(tmp_path / "quarantine" / "events.csv")
    assert kept.rows() == [
        (3, "bad", '{"a":"x,y"}'),
        (7, "late", '{"a":"x,y"}'),
        (9, "late", '{"a":"x,y"}'),
    ]
    assert quarantine.counts == {"events": 3}
    assert quarantine.most_common_reason("events") == "late"
    assert quarantine.first_line("events") == 7
    assert quarantine.first_line("holdings") is None


def test_writes_nothing_when_nothing_is_rejected(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "quarantine")
    quarantine.add("events", _rejected())
    assert quarantine.counts == {}
    assert not (tmp_path / "quarantine").exists()
