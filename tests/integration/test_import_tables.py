"""A bank brings its own canonical tables, as Parquet or CSV."""

from __future__ import annotations

import fcntl
import json
import re
from collections.abc import Callable
from datetime import date, datetime, timezone
from pathlib import Path

import polars as pl
import pytest

from model_registry.errors import HomeInvalid
from model_registry.home import Home
from training.importers import IMPORTERS, ImportSummary, bring_in, import_tables
from training.importers.canonical import CanonicalImporter
from training.tables.duplicates import CONFLICT
from training.tables.errors import ImportRefused, TableInvalid
from training.tables.schema import TABLES
from training.tables.store import TableStore

FILES = {
    "customers": """customer_id,observed_on,joined_on,income_monthly
1,2016-01-31,2015-12-05,1000
2,2016-01-31,2016-02-10,
2,2016-03-31,2016-02-10,2500.5
""",
    "products": """product_id,name,group
saving,Saving account,accounts
card,Credit card,cards
loan,Loan,lending
""",
    "holdings": """customer_id,snapshot_on,held,unknown
1,2016-01-31,loan|saving,
1,2016-02-29,saving|loan|saving,card
2,2016-02-29,,
1,2016-03-31,saving,
2,2016-03-31,card,
""",
    "transactions": """transaction_id,customer_id,occurred_at,amount,category
t2,1,2016-03-02T10:00:00+01:00,-12.5,"groceries"
t1,1,2016-03-01T10:00:00,1000,salary
""",
    "events": """event_id,customer_id,occurred_at,channel,type,product_id
e1,1,2016-03-01T10:00:00Z,mobile_app,bank.product.viewed,loan
e2,1,2016-03-01T10:00:00Z,mobile_app,bank.session.started,
""",
    "contacts": """contact_id,customer_id,offer_id,product_id,channel,shown_at,outcome,\
logging_probability
c1,1,o1,loan,sms,2016-03-01T10:00:00Z,accept,0.25
""",
    "consents": """customer_id,channel,purpose,status,recorded_at
1,*,outbound,given,2016-03-01T10:00:00Z
""",
}
PERIODS = """customer_id,product_id,opened_on,closed_on
1,saving,2015-12-05,
1,loan,2016-01-10,2016-03-15
2,card,2016-03-31,
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def write(**changes: str | None) -> Path:
        directory = tmp_path / "bank"
        directory.mkdir(exist_ok=True)
        for name, text in {**FILES, **changes}.items():
            file = directory / f"{name}.csv"
            file.unlink(missing_ok=True)
            if text is not None:
                file.write_text(text)
        return directory

    return write


def _import(directory: Path, home: Home) -> ImportSummary:
    return import_tables(directory, home, bank="toy_bank", currency="CNY")


def _rows(home: Home, table: str) -> list[dict[str, object]]:
    return TableStore(home).scan(table).collect().rows(named=True)


def test_a_bank_keeps_its_currency_until_another_is_given(folder, home: Home) -> None:
    assert import_tables(folder(), home, bank="toy_bank").identity.currency == "EUR"
    changed = _import(folder(), home)
    assert changed.replaced is not None
    assert changed.replaced.endswith("; its currency was EUR and is CNY now")
    kept = import_tables(folder(), home, bank="toy_bank")
    assert kept.identity.currency == "CNY"
    assert "currency" not in (kept.replaced or "")
    assert import_tables(folder(), home, bank="another").identity.currency == "EUR"


def test_every_table_comes_in(folder, home: Home) -> None:
    identity = _import(folder(), home).identity
    assert (identity.bank, identity.source, identity.currency) == ("toy_bank", "tables", "CNY")
    assert identity.product_vocabulary == ["saving", "card", "loan"]
    assert identity.product_groups == {"saving": "accounts", "card": "cards", "loan": "lending"}
    assert identity.snapshot_dates == [date(2016, 1, 31), date(2016, 2, 29), date(2016, 3, 31)]
    assert identity.label_months == [date(2016, 2, 29), date(2016, 3, 31)]
    assert identity.data_until == date(2016, 3, 31)
    assert identity.row_counts == {
        "customers": 3, "products": 3, "holdings": 5, "transactions": 2, "events": 2,
        "contacts": 1, "consents": 1,
    }  # fmt: skip
    assert identity.quarantined == {}
    assert home.bank() == identity
    for name in TableStore(home).names():
        TABLES[name].schema.validate(TableStore(home).scan(name).collect(), lazy=True)


def test_lists_come_in_vocabulary_order_without_repetition(folder, home: Home) -> None:
    _import(folder(), home)
    held = [(row["customer_id"], row["held"], row["unknown"]) for row in _rows(home, "holdings")]
    assert held == [
        ("1", ["saving", "loan"], []),
        ("1", ["saving", "loan"], ["card"]),
        ("2", [], []),
        ("1", ["saving"], []),
        ("2", ["card"], []),
    ]


def test_transactions_come_in_time_order_as_utc(folder, home: Home) -> None:
    _import(folder(), home)
    assert [(row["transaction_id"], row["occurred_at"]) for row in _rows(home, "transactions")] == [
        ("t2", datetime(2016, 3, 2, 9, tzinfo=timezone.utc)),
        ("t1", datetime(2016, 3, 1, 10, tzinfo=timezone.utc)),
    ][::-1]


def test_parquet_gives_the_same_bank_as_csv(folder, home: Home, tmp_path: Path) -> None:
    expected = _import(folder(), home).identity.fingerprint
    store = TableStore(home)
    exported = tmp_path / "parquet"
    exported.mkdir()
    for name in store.names():
        store.scan(name).collect().write_parquet(exported / f"{name}.parquet")
    assert _import(exported, home).identity.fingerprint == expected


def test_shuffled_rows_give_the_same_bank(folder, home: Home) -> None:
    expected = _import(folder(), home).identity.fingerprint

    def turned(name: str) -> str:
        header, *lines = FILES[name].splitlines()
        return "\n".join([header, *reversed(lines)]) + "\n"

    others = {name: turned(name) for name in FILES if name != "products"}
    changed = bring_in(CanonicalImporter("x", batch_rows=1), folder(**others), home)
    assert changed.identity.fingerprint == expected


def test_bad_rows_are_quarantined_with_line_reason_and_row(folder, home: Home) -> None:
    transactions = FILES["transactions"] + (
        "t3,1,yesterday,5,rent\n"
        "t4,1,2016-03-01T10:00:00Z\n"
        "t5,,2016-03-01T10:00:00Z,5,rent\n"
        't6,1,2016-03-01T10:00:00Z,5,"rent\n'
        "t7,1,2016-03-01T10:00:00Z,5,rent\n"
        "t8,1,2016-03-01T10:00:00Z,5,rent\n"
    )
    identity = _import(folder(transactions=transactions), home).identity
    assert identity.quarantined == {"transactions": 4}
    kept = pl.read_csv(home.quarantine / "transactions.csv")
    assert sorted(kept.select("line", "reason").rows()) == [
        (4, "occurred_at: expected an instant as YYYY-MM-DDThh:mm:ss with offset (none = UTC)"),
        (5, "3 of 5 fields (truncated line?)"),
        (6, "customer_id: missing"),
        (7, "a quote is not closed (truncated line?)"),
    ]
    raw = json.loads(kept.filter(pl.col("line") == 4)["row"].item())
    assert raw == {
        "transaction_id": "t3", "customer_id": "1", "occurred_at": "yesterday", "amount": "5",
        "category": "rent",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("holdings", "3,2016-03-31,boat,", "held: names a product that is not in products"),
        ("holdings", "3,2016-03-31,,boat", "unknown: names a product that is not in products"),
        (
            "events",
            "e3,1,2016-03-01T10:00:00Z,sms,bank.product.viewed,boat",
            "product_id: names a product that is not in products",
        ),
    ],
)
def test_rows_naming_foreign_products_are_quarantined(folder, home, table, row, reason) -> None:
    summary = _import(folder(**{table: f"{FILES[table]}{row}\n"}), home)
    assert summary.identity.quarantined == {table: 1}
    kept = pl.read_csv(home.quarantine / f"{table}.csv")
    assert kept["reason"].to_list() == [reason]


def test_repeated_rows_are_counted_and_contradictions_quarantined(folder, home: Home) -> None:
    header, first, second = FILES["transactions"].splitlines()
    contradiction = first.replace("-12.5", "-99").replace("2016-03-02", "2016-03-05")
    text = "\n".join([header, first, second, second, contradiction]) + "\n"
    summary = _import(folder(transactions=text), home)
    assert summary.repeated == {"transactions": 1}
    assert summary.identity.quarantined == {"transactions": 1}
    assert CONFLICT in (home.quarantine / "transactions.csv").read_text()
    assert summary.identity.row_counts["transactions"] == 2


def test_a_missing_column_stops_with_one_error_and_keeps_the_old_bank(folder, home: Home) -> None:
    before = _import(folder(), home).identity
    broken = FILES["holdings"].replace("snapshot_on", "day")
    with pytest.raises(TableInvalid, match=r"holdings\.csv: missing column\(s\) .* snapshot_on \("):
        _import(folder(holdings=broken), home)
    assert home.bank() == before
    assert TableStore(home).scan("holdings").collect().height == 5
    assert not (home.root / ".import").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"customers": None, "holdings": None}, r"lacks customers\.parquet or .*, holdings\.parq"),
        ({"events": FILES["events"].replace("2016-", "16.")}, "no row can be used, most often bec"),
        ({"products": "product_id,name,group\n"}, "no row can be used, it has none"),
        ({"events": ""}, "first line is empty"),
        ({"events": "event_id,event_id\n"}, "first line repeats a column name"),
        (
            {"holdings": FILES["holdings"] + "3,2016-03-30,,\n"},
            r"two snapshot dates in one month \(2016-03-30 and 2016-03-31\)",
        ),
    ],
)
def test_an_impossible_input_is_refused_in_one_line(folder, home, changes, message) -> None:
    with pytest.raises(ImportRefused, match=message) as refused:
        _import(folder(**changes), home)
    assert "\n" not in str(refused.value)
    with pytest.raises(HomeInvalid):
        home.bank()


def test_one_table_in_two_files_is_refused(folder, home: Home) -> None:
    directory = folder()
    pl.DataFrame({"x": [1]}).write_parquet(directory / "events.parquet")
    with pytest.raises(ImportRefused, match=r"table events comes twice \(events\.parquet, events"):
        _import(directory, home)


def test_says_which_files_and_columns_it_did_not_read(folder, home: Home) -> None:
    directory = folder(consents=FILES["consents"].replace("recorded_at", "recorded_at,x", 1)
                       .replace("00Z", "00Z,5"))  # fmt: skip
    (directory / "transaction.csv").write_text("x\n")
    assert [note.removeprefix(str(directory)) for note in _import(directory, home).notes] == [
        "/transaction.csv: ignored, no canonical table",
        "/consents.csv: column(s) not read: x",
    ]


@pytest.mark.parametrize("name", ["holdings", "holding_periods"])
def test_holding_periods_become_month_ends_until_the_last_fact(folder, home, name) -> None:
    files = {"holdings": None, "transactions": None, "events": None, "contacts": None}
    identity = _import(folder(**{**files, "consents": None, name: PERIODS}), home).identity
    found = [(r["customer_id"], str(r["snapshot_on"]), r["held"]) for r in _rows(home, "holdings")]
    assert found == [
        ("1", "2015-12-31", ["saving"]),
        ("1", "2016-01-31", ["saving", "loan"]),
        ("1", "2016-02-29", ["saving", "loan"]),
        ("2", "2016-02-29", []),
        ("1", "2016-03-31", ["saving"]),
        ("2", "2016-03-31", ["card"]),
    ]
    assert identity.row_counts["holding_periods"] == 3
    assert identity.label_months[-1] == date(2016, 3, 31)


def test_an_unfinished_last_month_is_a_snapshot_but_no_label(folder, home: Home) -> None:
    text = FILES["transactions"] + "t3,1,2016-04-12T10:00:00Z,5,rent\n"
    identity = _import(folder(holdings=PERIODS, transactions=text), home).identity
    assert identity.snapshot_dates[-2:] == [date(2016, 3, 31), date(2016, 4, 12)]
    assert identity.label_months[-1] == date(2016, 3, 31)


def test_a_home_s_own_tables_can_be_imported_again(folder, home: Home, tmp_path: Path) -> None:
    first = _import(folder(holdings=PERIODS), home).identity
    other = Home(tmp_path / "other")
    assert _import(home.tables, other).identity.fingerprint == first.fingerprint


def test_a_new_import_replaces_the_bank_and_says_so(folder, home: Home) -> None:
    assert _import(folder(), home).replaced is None
    home.truth.mkdir()
    home.features.mkdir()
    (home.features / "profile.parquet").write_bytes(b"")
    home.models.mkdir()
    summary = _import(folder(events=None), home)
    assert summary.replaced == (
        "replaced bank toy_bank (source tables, 3 customer rows, data until 2016-03-31) "
        "and the features made from it"
    )
    assert not TableStore(home).has("events")
    assert not home.truth.exists()
    assert not home.features.exists()
    assert home.models.exists()


def test_two_imports_at_once_are_refused(folder, home: Home) -> None:
    home.root.mkdir()
    with (home.root / ".import.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ImportRefused, match=r"another import into .* is running"):
            _import(folder(), home)


def test_every_importer_file_is_registered() -> None:
    source = Path(__file__).parents[2] / "training" / "importers"
    written = {
        name
        for file in source.glob("*.py")
        for name in re.findall(r"^class (\w+Importer)\b", file.read_text(), re.MULTILINE)
    }
    assert {importer.__name__ for importer in IMPORTERS} == written
