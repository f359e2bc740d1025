"""Tables that do not fit each other, or lose most of their rows: foreign customer ids, months with
two snapshot dates, lists and dates of another form.
"""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from model_registry.home import Home
from nbo.cli import run
from training.importers import import_tables
from training.tables.errors import ImportRefused

CUSTOMERS = "customer_id,observed_on\n1,2016-01-31\n2,2016-01-31\n"
PRODUCTS = "product_id,name,group\ncard,Credit card,cards\n"
HOLDINGS = "customer_id,snapshot_on,held\n1,2016-02-29,\n1,2016-03-31,card\n2,2016-03-31,card\n"
TRANSACTIONS = "transaction_id,customer_id,occurred_at,amount,category\n"
EVENTS = "event_id,customer_id,occurred_at,channel,type\n"
CONTACTS = "contact_id,customer_id,offer_id,product_id,channel,shown_at\n"
AT = "2016-03-01T10:00:00Z"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("NBO_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bank whose tables fit each other."""
    return changed(tmp_path, customers=CUSTOMERS, products=PRODUCTS, holdings=HOLDINGS)


def changed(folder: Path, **tables: str) -> Path:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def transactions(*customers: str) -> str:
    lines = (f"t{n},{customer},{AT},5,rent\n" for n, customer in enumerate(customers))
    return TRANSACTIONS + "".join(lines)


def events(*customers: str) -> str:
    lines = (f"e{n},{c},{AT},sms,bank.session.started\n" for n, c in enumerate(customers))
    return EVENTS + "".join(lines)


def contacts(*customers: str) -> str:
    lines = (f"c{n},{customer},o1,card,sms,{AT}\n" for n, customer in enumerate(customers))
    return CONTACTS + "".join(lines)


def test_tables_that_fit_name_no_unknown_customer(folder: Path, home: Home) -> None:
    changed(folder, transactions=transactions("1", "2"))
    assert import_tables(folder, home, bank="toy").unknown_customers == {}


def test_rows_of_customers_who_are_not_in_customers_are_counted_by_table(
    folder: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    changed(
        folder,
        holdings=HOLDINGS + "3,2016-03-31,card\n",
        transactions=transactions("1", "01", "2", "9"),
        events=events("1", "9"),
        contacts=contacts("1", "2", "9"),
    )
    words = ["data", "import", "tables", "--path", str(folder), "--bank", "toy"]
    assert run([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    expected = {"holdings": 1, "transactions": 2, "events": 1, "contacts": 1}
    assert told["unknown_customers"] == expected
    assert told["row_counts"]["transactions"] == 4
    assert run(words) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["not", "in", "customers", "transactions:", "2"] in lines


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"transactions": transactions("01", "02", "1")}, "2 of 3 rows of transactions name"),
        ({"events": events("01")}, "1 of 1 rows of events name"),
        ({"contacts": contacts("01", "02", "1")}, "2 of 3 rows of contacts name"),
        (
            {"holdings": HOLDINGS.replace("\n1", "\n01"), "events": events("01")},
            "2 of 3 rows of holdings, 1 of 1 rows of events name",
        ),
        (
            {"holdings": "customer_id,product_id,opened_on,closed_on\n01,card,2016-03-31,\n"},
            "1 of 1 rows of holding_periods name",
        ),
    ],
)
def test_a_table_mostly_about_unknown_customers_stops_the_import_in_one_line(
    folder: Path, home: Home, tables: dict[str, str], says: str
) -> None:
    before = import_tables(folder, home, bank="toy").identity
    with pytest.raises(ImportRefused, match="the same customer_id in every table") as refused:
        import_tables(changed(folder, **tables), home, bank="toy")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert home.bank() == before


def test_a_customer_only_consents_know_is_no_mismatch(folder: Path, home: Home) -> None:
    text = f"customer_id,channel,purpose,status,recorded_at\n7,*,outbound,refused,{AT}\n"
    assert import_tables(changed(folder, consents=text), home, bank="toy").unknown_customers == {}


def test_the_date_fewer_rows_of_a_month_have_is_named_with_rows_and_first_line(
    folder: Path, home: Home
) -> None:
    changed(folder, holdings=HOLDINGS.replace("2016-02-29", "2016-03-30") + "2,2016-02-29,\n")
    with pytest.raises(ImportRefused) as refused:
        import_tables(folder, home, bank="toy")
    assert str(refused.value) == (
        f"{folder / 'holdings.csv'} has two snapshot dates in one month (2016-03-30 and"
        " 2016-03-31): 2016-03-30 in 1 row(s), first in line 2, put aside in"
        " quarantine/refused/holdings.csv: give every customer of a month the same date"
    )


def test_a_parquet_file_has_rows_instead_of_lines(folder: Path, home: Home) -> None:
    rows = pl.read_csv(folder / "holdings.csv").with_columns(held=pl.lit("card"))
    (folder / "holdings.csv").unlink()
    odd = pl.when(pl.col("snapshot_on") == "2016-02-29").then(pl.lit("2016-03-30"))
    rows.with_columns(odd.otherwise("snapshot_on").alias("snapshot_on")).write_parquet(
        folder / "holdings.parquet"
    )
    with pytest.raises(ImportRefused, match=r"2016-03-30 in 1 row\(s\), first in row 1,"):
        import_tables(folder, home, bank="toy")


def test_the_rows_of_the_odd_dates_are_put_aside_beside_what_was_rejected_before(
    folder: Path, home: Home
) -> None:
    before = import_tables(folder, home, bank="toy").identity
    text = HOLDINGS + "2,2016-02-28,\n1,2016-03-01,\n2,2016-03-32,\n"
    with pytest.raises(ImportRefused):
        import_tables(changed(folder, holdings=text), home, bank="toy")
    kept = pl.read_csv(home.quarantine / "refused" / "holdings.csv").sort("line")
    assert kept["line"].to_list() == [5, 6, 7]
    assert [reason.split(":")[0] for reason in kept["reason"]] == ["snapshot_on"] * 3
    assert kept["reason"][1] == "snapshot_on: another date of the month than 2016-03-31"
    assert home.bank() == before


def test_what_a_refused_import_put_aside_is_gone_after_the_next(folder: Path, home: Home) -> None:
    with pytest.raises(ImportRefused):
        import_tables(changed(folder, holdings=HOLDINGS + "2,2016-03-01,\n"), home, bank="toy")
    assert (home.quarantine / "refused").exists()
    import_tables(changed(folder, holdings=HOLDINGS), home, bank="toy")
    assert not (home.quarantine / "refused").exists()


def test_a_table_that_loses_most_of_its_rows_stops_the_import_and_says_why_without_content(
    folder: Path, home: Home
) -> None:
    before = import_tables(folder, home, bank="toy").identity
    rows = "1,2016-02-29,\n1,2016-03-31,card;loan\n2,2016-03-31,card;loan\n"
    products = PRODUCTS + "loan,Loan,lending\n"
    changed(folder, products=products, holdings=HOLDINGS.partition("\n")[0] + "\n" + rows)
    with pytest.raises(ImportRefused) as refused:
        import_tables(folder, home, bank="toy")
    assert str(refused.value) == (
        f"{folder / 'holdings.csv'}: 2 of 3 rows of holdings cannot be used, most often because of"
        " held: names a product that is not in products (first in line 3), put aside in"
        " quarantine/refused/holdings.csv: mend them and import again"
    )
    assert pl.read_csv(home.quarantine / "refused" / "holdings.csv").height == 2
    assert home.bank() == before


def test_half_of_a_table_s_rows_may_be_lost(folder: Path, home: Home) -> None:
    text = transactions("1", "2").replace(AT, "yesterday", 1)
    assert import_tables(changed(folder, transactions=text), home, bank="toy").rows_read == 8


def test_customers_of_whom_rows_were_lost_are_named_as_the_cause_of_unknown_ones(
    folder: Path, home: Home
) -> None:
    customers = "customer_id,observed_on\n1,2016-01-31\n3,2016-01-31\n2,31.1.2016\n"
    changed(folder, customers=customers, transactions=transactions("2", "2", "1"))
    with pytest.raises(ImportRefused) as refused:
        import_tables(folder, home, bank="toy")
    assert str(refused.value).startswith(
        "2 of 3 rows of transactions name a customer who is not in customers: 1 row(s) of customers"
        " could not be used, most often because of observed_on: expected "
    )
    assert "(first in line 4), put aside in quarantine/refused/customers.csv" in str(refused.value)


def test_the_summary_names_the_quarantine_where_anything_lies_there(
    folder: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["data", "import", "tables", "--path", str(folder), "--bank", "toy"]
    assert run(words) == 0
    assert "quarantine" not in capsys.readouterr().out
    changed(folder, transactions=transactions("1", "2", "1").replace(AT, "yesterday", 1))
    assert run(words) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["quarantine", str(home.quarantine)] in lines
    assert run([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["quarantine"] == str(home.quarantine)


def test_a_month_without_a_snapshot_is_named_in_one_line(folder: Path, home: Home) -> None:
    def told() -> list[str]:
        notes = import_tables(folder, home, bank="toy").notes
        return [line for line in notes if line.startswith("holdings: ")]

    rows = ["1,2016-02-29,", "2,2016-02-29,", "1,2016-04-30,card", "2,2016-04-30,card"]
    header = HOLDINGS.partition("\n")[0]
    changed(folder, holdings="\n".join([header, *rows, "1,2016-03-31,", "2,2016-03-31,"]))
    assert told() == []
    changed(folder, holdings="\n".join([header, *rows]))
    (line,) = told()
    assert "no snapshot in 2016-03" in line
