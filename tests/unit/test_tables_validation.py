"""Every row of an input becomes a canonical row or a rejected one, with its reason."""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from typing import Any

import polars as pl
import pytest

from training.tables.errors import TableInvalid
from training.tables.schema import TABLES
from training.tables.validation import LINE, Checked, check_columns, check_rows

TODAY = date(2020, 1, 1)


def _check(table: str, columns: dict[str, list[Any]]) -> Checked:
    frame = pl.DataFrame(columns).with_row_index(LINE, offset=2)
    check_columns(TABLES[table], frame.schema, "input")
    return check_rows(TABLES[table], frame, today=TODAY)


def _customers(**columns: list[Any]) -> Checked:
    rows = len(next(iter(columns.values())))
    defaults = {"customer_id": ["1"] * rows, "observed_on": ["2016-01-28"] * rows}
    return _check("customers", defaults | columns)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("observed_on", "28.01.2016", "observed_on: expected a day as YYYY-MM-DD"),
        ("observed_on", "2020-01-03", "observed_on: lies in the future"),
        ("customer_id", "  ", "customer_id: missing"),
        ("income_monthly", "much", "income_monthly: expected a finite number"),
        ("income_monthly", "inf", "income_monthly: expected a finite number"),
        ("income_monthly", "-1", "income_monthly: must be at least 0"),
        ("risk_capacity", "2.5", "risk_capacity: expected a small whole number"),
        ("risk_capacity", "6", "risk_capacity: must be 1 to 5"),
        ("is_active", "perhaps", "is_active: expected true or false"),
        ("time_zone", "Mars/Base", "time_zone: must be an IANA time zone"),
        (
            "investor_class",
            "rich",
            "investor_class: must be one of retail professional institutional",
        ),
    ],
)
def test_rejects_a_bad_value_with_its_reason_and_line(column, value, reason) -> None:
    checked = _customers(**{column: [value]})
    assert checked.good.is_empty()
    assert checked.rejected.select("line", "reason").rows() == [(2, reason)]
    assert json.loads(checked.rejected["row"][0])[column] == value


def test_keeps_the_good_rows_and_gives_every_reason_of_a_bad_one() -> None:
    checked = _customers(
        customer_id=[" a ", "b"], income_monthly=["10.5", "-1"], time_zone=["", "Mars/Base"]
    )
    assert checked.good.select("customer_id", "income_monthly", LINE).rows() == [("a", 10.5, 2)]
    assert checked.rejected["reason"].to_list() == [
        "income_monthly: must be at least 0; time_zone: must be an IANA time zone"
    ]


def test_an_absent_optional_column_is_unknown() -> None:
    good = _customers(customer_id=["1"]).good
    assert good.drop(LINE).schema == pl.Schema(TABLES["customers"].dtypes)
    assert good["income_monthly"].to_list() == [None]


def test_reads_instants_with_and_without_offset_as_utc() -> None:
    written = [
        "2016-01-28T10:00:00", "2016-01-28 10:00:00Z", "2016-01-28T10:00:00.5+0800", "2016-01-28",
    ]  # fmt: skip
    rows = len(written)
    checked = _check(
        "transactions",
        {
            "transaction_id": list(range(rows)),
            "customer_id": [1] * rows,
            "occurred_at": written,
            "amount": [1] * rows,
            "category": ["rent"] * rows,
        },
    )
    assert checked.rejected.is_empty()
    assert checked.good["occurred_at"].to_list() == [
        datetime(2016, 1, 28, 10, tzinfo=timezone.utc),
        datetime(2016, 1, 28, 10, tzinfo=timezone.utc),
        datetime(2016, 1, 28, 2, 0, 0, 500_000, tzinfo=timezone.utc),
        datetime(2016, 1, 28, tzinfo=timezone.utc),
    ]
    assert checked.good["transaction_id"].to_list() == ["0", "1", "2", "3"]


def test_reads_product_lists_from_text_and_from_lists_alike() -> None:
    base = {"customer_id": ["1", "2"], "snapshot_on": [date(2016, 1, 31)] * 2}
    from_text = _check("holdings", base | {"held": ["a| b", ""]}).good["held"].to_list()
    from_lists = _check("holdings", base | {"held": [["a", "b"], []]}).good["held"].to_list()
    assert from_text == from_lists == [["a", "b"], []]


def test_rejects_a_product_that_is_held_and_unknown_at_once() -> None:
    checked = _check(
        "holdings",
        {"customer_id": ["1"], "snapshot_on": ["2016-01-31"], "held": ["a"], "unknown": ["a"]},
    )
    assert checked.rejected["reason"].to_list() == ["held: names a product that unknown names too"]


def test_rejects_an_outcome_before_its_contact() -> None:
    checked = _check(
        "contacts",
        {
            "contact_id": ["1"], "customer_id": ["1"], "offer_id": ["o"], "product_id": ["p"],
            "channel": ["sms"], "shown_at": ["2016-01-28"], "outcome_at": ["2016-01-27"],
        },
    )  # fmt: skip
    assert checked.rejected["reason"].to_list() == ["outcome_at: must not lie before shown_at"]


def test_a_missing_column_stops_with_file_column_and_what_is_expected() -> None:
    columns = pl.Schema({"customer_id": pl.String()})
    with pytest.raises(TableInvalid) as stopped:
        check_columns(TABLES["holdings"], columns, "holdings.csv")
    assert str(stopped.value).startswith(
        "holdings.csv: missing column(s) for table holdings: snapshot_on (a day as YYYY-MM-DD:"
    )
    assert "held (product ids separated by |:" in str(stopped.value)


def test_a_column_of_an_impossible_type_stops_with_file_column_and_what_is_expected() -> None:
    columns = pl.Schema({"customer_id": pl.String(), "observed_on": pl.Float64()})
    with pytest.raises(
        TableInvalid, match=r"c\.parquet: column observed_on is Float64, expected a day"
    ):
        check_columns(TABLES["customers"], columns, "c.parquet")
