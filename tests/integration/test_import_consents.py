"""Consents on their way in: no refusal gets lost, read or unread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import polars as pl
import pytest

from model_registry.home import Home
from training.importers import ImportSummary, import_tables
from training.tables.duplicates import CONFLICT
from training.tables.store import TableStore

CONSENTS = """customer_id,channel,purpose,status,recorded_at
1,*,outbound,given,2016-03-01T10:00:00Z
"""
OTHERS = {
    "customers": "customer_id,observed_on\n1,2016-03-31\n",
    "products": "product_id,name,group\ncard,Credit card,cards\n",
    "holdings": "customer_id,snapshot_on,held\n1,2016-03-31,card\n",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[str | None], Path]:
    def write(consents: str | None) -> Path:
        directory = tmp_path / "bank"
        directory.mkdir()
        for name, text in {**OTHERS, "consents": consents}.items():
            if text is not None:
                (directory / f"{name}.csv").write_text(text)
        return directory

    return write


def _import(directory: Path, home: Home) -> ImportSummary:
    return import_tables(directory, home, bank="toy_bank")


def _rows(home: Home, table: str) -> list[dict[str, object]]:
    return TableStore(home).scan(table).collect().rows(named=True)


@pytest.mark.parametrize("statuses", [("given", "refused"), ("refused", "given")])
def test_refused_wins_where_both_are_recorded_at_one_instant(folder, home, statuses) -> None:
    header, row = CONSENTS.splitlines()
    rows = [row.replace("given", status) for status in statuses]
    identity = _import(folder("\n".join([header, *rows])), home).identity
    assert [row["status"] for row in _rows(home, "consents")] == ["refused"]
    assert identity.quarantined == {"consents": 1}
    kept, lost = statuses.index("refused") + 2, statuses.index("given") + 2
    quarantine = pl.read_csv(home.quarantine / "consents.csv")
    assert quarantine.select("line", "reason").rows() == [(lost, f"{CONFLICT}: line {kept} stays")]
    assert not TableStore(home).has("unreadable_consents")


def test_consents_are_read_without_regard_to_case_and_spaces(folder, home: Home) -> None:
    text = CONSENTS.replace("outbound,given", "Outbound , REFUSED ")
    assert _import(folder(text), home).identity.quarantined == {}
    assert [(row["purpose"], row["status"]) for row in _rows(home, "consents")] == [
        ("outbound", "refused")
    ]


@pytest.mark.parametrize(
    "broken",
    [
        "2,*,outbound,refussed,2016-03-02T10:00:00Z",
        "2,*,outbound,refused,some day",
        "2,*,outbound,refused,2999-01-01T00:00:00Z",
        "2,*,everything,refused,2016-03-02T10:00:00Z",
        "2,*,outbound,refused",
        '"2",*,outbound,"refused,2016-03-02T10:00:00Z',
    ],
)
def test_who_has_an_unreadable_consent_row_is_kept_apart(folder, home, broken, tmp_path) -> None:
    older = "2,*,outbound,given,2016-03-01T10:00:00Z\n"
    summary = _import(folder(f"{CONSENTS}{older}{broken}\n"), home)
    assert _rows(home, "unreadable_consents") == [{"customer_id": "2"}]
    assert summary.identity.quarantined == {"consents": 1}
    assert summary.identity.row_counts["unreadable_consents"] == 1
    assert len(summary.notes) == 1
    assert "1 row(s) could not be read: mend them" in summary.notes[0]
    assert "1 customer(s) are denied every purpose" in summary.notes[0]
    again = _import(home.tables, Home(tmp_path / "again")).identity
    assert again.fingerprint == summary.identity.fingerprint


def test_an_unreadable_consent_of_nobody_is_counted_apart(folder, home: Home) -> None:
    text = CONSENTS + ",*,outbound,refused,2016-03-02T10:00:00Z\n"
    summary = _import(folder(text), home)
    assert _rows(home, "unreadable_consents") == []
    assert "1 row(s) could not be read; 1 name no customer" in summary.notes[0]


def test_unreadable_parquet_consents_name_their_customers_too(folder, home: Home) -> None:
    directory = folder(None)
    at = datetime(2016, 3, 1, tzinfo=timezone.utc)
    row = {"channel": "*", "purpose": "display", "recorded_at": at}
    rows = [{"customer_id": 1, "status": "refuse", **row},
            {"customer_id": 2, "status": "given", **row}]  # fmt: skip
    pl.DataFrame(rows).write_parquet(directory / "consents.parquet")
    _import(directory, home)
    assert _rows(home, "unreadable_consents") == [{"customer_id": "1"}]
