"""The acquirer panel: two snapshots per month, and only its months are labels."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from model_registry.home import Home
from training.importers import ImportSummary, import_santander
from training.importers.santander_products import VOCABULARY
from training.tables.errors import ImportRefused, TableInvalid
from training.tables.store import TableStore

_DEFAULT = Path(__file__).parents[2] / ".." / "shared" / "data" / "santander"
_PANEL = Path(os.environ.get("NBO_SANTANDER_PANEL", _DEFAULT / "acquirer_panel.parquet"))

CCO, HIP, REC = "ind_cco_fin_ult1", "ind_hip_fin_ult1", "ind_recibo_ult1"


def _panel(path: Path, *rows: tuple[str, int, list[str], list[str]]) -> Path:
    records = [
        {"month": month, "ncodpers": customer}
        | {f"prev_{p}": int(p in before) for p in VOCABULARY}
        | {f"add_{p}": int(p in added) for p in VOCABULARY}
        for month, customer, before, added in rows
    ]
    pl.DataFrame(records).write_parquet(path)
    return path


def test_each_row_gives_the_snapshot_before_and_the_one_after(tmp_path: Path) -> None:
    path = _panel(tmp_path / "panel.parquet", ("2015-06-28", 7, [CCO], [REC]))
    home = Home(tmp_path / "home")
    identity = import_santander(path, home).identity
    assert TableStore(home).scan("holdings").collect().rows() == [
        ("7", date(2015, 5, 28), [CCO], []),
        ("7", date(2015, 6, 28), [CCO, REC], []),
    ]
    customers = TableStore(home).scan("customers").collect()
    assert customers.select("customer_id", "observed_on").rows() == [("7", date(2015, 5, 28))]
    assert identity.label_months == [date(2015, 6, 28)]
    assert identity.snapshot_dates == [date(2015, 5, 28), date(2015, 6, 28)]


def test_an_observed_snapshot_beats_a_derived_one(tmp_path: Path) -> None:
    path = _panel(
        tmp_path / "panel.parquet",
        ("2016-03-28", 7, [CCO], [REC]),
        ("2016-04-28", 7, [REC], [HIP]),
    )
    home = Home(tmp_path / "home")
    identity = import_santander(path, home).identity
    held = TableStore(home).scan("holdings").collect().select("snapshot_on", "held").rows()
    assert held == [
        (date(2016, 2, 28), [CCO]),
        (date(2016, 3, 28), [REC]),
        (date(2016, 4, 28), [HIP, REC]),
    ]
    assert identity.label_months == [date(2016, 3, 28), date(2016, 4, 28)]


def test_a_product_added_though_held_and_a_bad_flag_are_quarantined(tmp_path: Path) -> None:
    path = _panel(
        tmp_path / "panel.parquet",
        ("2016-03-28", 7, [CCO], [CCO]),
        ("2016-03-28", 8, [CCO], [REC]),
        ("2016-03-28", 9, [CCO], [REC]),
        ("March", 10, [CCO], [REC]),
        ("2016-03-28", 11, [CCO], [REC]),
        ("2016-03-28", 12, [CCO], [REC]),
    )
    flag = pl.when(pl.col("ncodpers") == 9).then(3).otherwise(pl.col(f"add_{HIP}"))
    pl.read_parquet(path).with_columns(flag.alias(f"add_{HIP}")).write_parquet(path)
    home = Home(tmp_path / "home")
    identity = import_santander(path, home).identity
    assert identity.quarantined == {"holdings": 3}
    assert identity.row_counts["holdings"] == 6
    kept = pl.read_csv(home.quarantine / "holdings.csv")
    assert kept.select("line", "reason").rows() == [
        (1, "a product is added that was held the month before"),
        (3, "a product flag is neither 0 nor 1"),
        (4, "month: expected a day as YYYY-MM-DD until today"),
    ]


def test_repeated_rows_are_counted_and_contradicting_ones_quarantined(tmp_path: Path) -> None:
    path = _panel(
        tmp_path / "panel.parquet",
        ("2016-03-28", 7, [CCO], [REC]),
        ("2016-03-28", 7, [CCO], [REC]),
        ("2016-03-28", 7, [CCO], [HIP]),
    )
    summary = import_santander(path, Home(tmp_path / "home"))
    assert summary.repeated == {"holdings": 1}
    assert summary.identity.quarantined == {"holdings": 1}


def test_a_missing_column_stops_with_its_name(tmp_path: Path) -> None:
    path = _panel(tmp_path / "panel.parquet", ("2016-03-28", 7, [CCO], [REC]))
    pl.read_parquet(path).drop(f"add_{HIP}").write_parquet(path)
    with pytest.raises(TableInvalid, match=f"missing column.s. add_{HIP}: expected month"):
        import_santander(path, Home(tmp_path / "home"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("panel.parquet", b"no parquet", "not a readable Parquet file"),
        ("data.xlsx", b"", "neither the original train_ver2.csv"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, name, content, message) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImportRefused, match=message):
        import_santander(tmp_path / name, Home(tmp_path / "home"))


def test_a_folder_without_the_files_and_no_path_at_all_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"holds none of train_ver2\.csv"):
        import_santander(tmp_path, Home(tmp_path / "home"))
    with pytest.raises(ImportRefused, match="no such file or folder"):
        import_santander(tmp_path / "nowhere", Home(tmp_path / "home"))


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[ImportSummary, TableStore]:
    if not _PANEL.is_file():
        pytest.skip("no Santander panel here: its licence forbids shipping it; "
                    "NBO_SANTANDER_PANEL may say where it is")  # fmt: skip
    home = Home(tmp_path_factory.mktemp("panel"))
    return import_santander(_PANEL, home), TableStore(home)


class TestRealPanel:
    """What the data's description promises."""

    def test_has_the_described_size_and_calendar(self, imported) -> None:
        summary, _ = imported
        identity = summary.identity
        assert (summary.rows_read, identity.row_counts["customers"]) == (117_412, 95_173)
        assert [day.isoformat()[:7] for day in identity.snapshot_dates] == [
            "2015-05", "2015-06", "2015-12", "2016-01", "2016-02", "2016-03", "2016-04",
        ]  # fmt: skip
        assert [day.isoformat() for day in identity.label_months] == [
            "2015-06-28", "2016-01-28", "2016-03-28", "2016-04-28",
        ]  # fmt: skip
        assert identity.data_until == date(2016, 4, 28)
        assert identity.quarantined == {}
        assert identity.product_vocabulary == list(VOCABULARY)

    def test_holds_every_addition_of_every_label_month(self, imported) -> None:
        summary, store = imported
        panel = pl.read_parquet(_PANEL)
        added = pl.sum_horizontal(pl.col("^add_.*$").cast(pl.Int64).sum())
        described = dict(panel.group_by("month").agg(added).rows())
        holdings = store.scan("holdings").collect()
        before = holdings.select(
            "customer_id", pl.col("snapshot_on").dt.offset_by("1mo"), was="held"
        )
        gained = holdings.join(before, on=["customer_id", "snapshot_on"]).select(
            "snapshot_on", products=pl.col("held").list.set_difference("was").list.len()
        )
        for month in summary.identity.label_months:
            found = gained.filter(pl.col("snapshot_on") == month)["products"].sum()
            assert found == described[str(month)]

    def test_shuffled_rows_give_the_same_fingerprint(self, imported, tmp_path: Path) -> None:
        summary, _ = imported
        mixed = tmp_path / "mixed.parquet"
        pl.read_parquet(_PANEL).sample(fraction=1, shuffle=True, seed=5).write_parquet(mixed)
        again = import_santander(mixed, Home(tmp_path / "home"))
        assert again.identity.fingerprint == summary.identity.fingerprint


def test_a_panel_that_loses_most_of_its_rows_stops_the_import(tmp_path: Path) -> None:
    path = _panel(
        tmp_path / "panel.parquet",
        ("2016-03-28", 7, [CCO], [REC]),
        ("March", 8, [CCO], [REC]),
        ("March", 9, [CCO], [REC]),
    )
    with pytest.raises(ImportRefused, match=r"2 of 3 rows of holdings .* \(first in row 2\)"):
        import_santander(path, Home(tmp_path / "home"))
