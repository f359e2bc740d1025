"""The original Santander file, with every oddity it has."""

from __future__ import annotations

import gzip
import json
import zipfile
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from model_registry.home import Home
from tests.data.santander_original import HEADER, line, shuffled, write_file, write_rows
from training.importers import ImportSummary, bring_in, import_santander
from training.importers.santander_csv import SantanderCsvImporter
from training.tables.duplicates import CONFLICT
from training.tables.errors import ImportRefused, TableInvalid
from training.tables.schema import TABLES
from training.tables.store import TableStore

JANUARY, FEBRUARY = "2015-01-28", "2015-02-28"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def _import(home: Home, *lines: str, ending: str = "\n") -> ImportSummary:
    home.root.mkdir(exist_ok=True)
    return import_santander(write_rows(home.root / "train_ver2.csv", lines, ending=ending), home)


def _customer(home: Home, **fields: str) -> dict[str, object]:
    _import(home, line(**fields))
    return TableStore(home).scan("customers").collect().row(0, named=True)


def _holdings(home: Home) -> pl.DataFrame:
    return TableStore(home).scan("holdings").collect()


def _quarantined(home: Home) -> list[tuple[int, str, str]]:
    return pl.read_csv(home.quarantine / "holdings.csv").rows()


def test_an_ordinary_line_becomes_a_customer_and_a_snapshot(home: Home) -> None:
    customer = _customer(home, ind_cco_fin_ult1="1", ind_recibo_ult1="1")
    assert {name: value for name, value in customer.items() if value is not None} == {
        "customer_id": "1375586", "observed_on": date(2015, 1, 28), "gender": "H",
        "birth_date": date(1980, 1, 28), "nationality": "ES", "region": "MALAGA",
        "segment": "02 - PARTICULARES", "acquisition_channel": "KHL",
        "joined_on": date(2015, 1, 12), "is_active": True, "is_employee": False,
        "income_monthly": pytest.approx(87218.10 / 12),
    }  # fmt: skip
    assert _holdings(home).rows() == [
        ("1375586", date(2015, 1, 28), ["ind_cco_fin_ult1", "ind_recibo_ult1"], [])
    ]


@pytest.mark.parametrize(
    ("field", "written", "column", "expected"),
    [
        ("age", " NA", "birth_date", None),
        ("age", "  2", "birth_date", date(2013, 1, 28)),
        ("age", "120", "birth_date", date(1895, 1, 28)),
        ("age", "121", "birth_date", None),
        ("age", "164", "birth_date", None),
        ("age", "35.0", "birth_date", date(1980, 1, 28)),
        ("renta", "", "income_monthly", None),
        ("renta", "         NA", "income_monthly", None),
        ("renta", "NA", "income_monthly", None),
        ("renta", "1200", "income_monthly", 100.0),
        ("antiguedad", "-999999", "joined_on", date(2015, 1, 12)),
        ("antiguedad", "     NA", "joined_on", date(2015, 1, 12)),
        ("fecha_alta", "", "joined_on", None),
        ("segmento", "01 - TOP   ", "segment", "01 - TOP"),
        ("sexo", "", "gender", None),
        ("sexo", " V ", "gender", "V"),
        ("nomprov", "CORUÑA, A", "region", "CORUÑA, A"),
        ("ind_empleado", "A", "is_employee", True),
        ("ind_empleado", "S", "is_employee", False),
        ("ind_empleado", "", "is_employee", None),
        ("ind_actividad_cliente", "0.0", "is_active", False),
        ("ind_actividad_cliente", " NA", "is_active", None),
        ("indrel_1mes", "P", "is_active", True),
        ("indrel_1mes", "1", "is_active", True),
        ("indfall", "S", "is_active", True),
        ("ncodpers", "0015889", "customer_id", "15889"),
        ("ncodpers", "15889.0", "customer_id", "15889"),
    ],
)
def test_reads_odd_values(home: Home, field, written, column, expected) -> None:
    assert _customer(home, **{field: written})[column] == expected


def test_reads_quoted_numbers(home: Home) -> None:
    text = line().replace("1375586", '"1375586"').replace(" 35", '" 35"')
    summary = _import(home, text.removesuffix("0") + '"1"')
    assert summary.identity.quarantined == {}
    assert _holdings(home)["held"].to_list() == [["ind_recibo_ult1"]]


def test_counts_implausible_ages_without_losing_the_line(home: Home) -> None:
    lines = (line(ncodpers=str(i), age=age) for i, age in enumerate(["127", "164", " NA", " 35"]))
    summary = _import(home, *lines)
    assert summary.set_to_unknown == {"customers.birth_date (age outside 0..120)": 2}
    assert summary.identity.row_counts["customers"] == 4


def test_empty_payroll_flags_are_unknown_products(home: Home) -> None:
    _import(home, line(ind_nomina_ult1="", ind_nom_pens_ult1="NA", ind_cco_fin_ult1="1"))
    assert _holdings(home).select("held", "unknown").rows() == [
        (["ind_cco_fin_ult1"], ["ind_nomina_ult1", "ind_nom_pens_ult1"])
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"age": "old"}, "age: expected a whole number"),
        ({"renta": "-5"}, "renta: expected a number of at least 0"),
        ({"ncodpers": ""}, "ncodpers: expected a customer number"),
        ({"fecha_dato": "28/01/2015"}, "fecha_dato: expected a day as YYYY-MM-DD"),
        ({"fecha_dato": "2915-01-28"}, "fecha_dato: expected a day until today"),
        ({"fecha_alta": "soon"}, "fecha_alta: expected a day as YYYY-MM-DD"),
        ({"ind_cco_fin_ult1": "2"}, "ind_cco_fin_ult1: expected 0 or 1"),
        ({"ind_recibo_ult1": ""}, "ind_recibo_ult1: expected 0 or 1"),
        ({"ind_nomina_ult1": "x", "age": "x"},
         "age: expected a whole number; ind_nomina_ult1: expected 0 or 1"),
    ],
)  # fmt: skip
def test_a_bad_line_is_quarantined_with_number_reason_and_text(home: Home, fields, reason) -> None:
    bad = line(**fields)
    summary = _import(home, line(), bad)
    assert summary.identity.quarantined == {"holdings": 1}
    assert _quarantined(home) == [(3, reason, json.dumps({"raw": bad}, separators=(",", ":")))]
    assert _holdings(home).height == 1


@pytest.mark.parametrize(
    ("keep", "reason"),
    [
        ("2015-01-28,1375", "2 of 48 fields (truncated line?)"),
        ('2015-01-28,1375586,N,ES,"H', "a quote is not closed (truncated line?)"),
        (line()[:-2], "47 of 48 fields (truncated line?)"),
        (line()[:-1], "ind_recibo_ult1: expected 0 or 1"),
    ],
)
def test_a_truncated_last_line_is_quarantined(home: Home, keep: str, reason: str) -> None:
    summary = _import(home, line(ncodpers="1"), line(ncodpers="2"), keep, ending="")
    assert [(number, why) for number, why, _ in _quarantined(home)] == [(4, reason)]
    assert summary.rows_read == 3
    assert _holdings(home)["customer_id"].to_list() == ["1", "2"]


def test_a_last_line_without_line_end_is_whole(home: Home) -> None:
    assert _import(home, line(), ending="").identity.quarantined == {}


def test_a_line_that_is_not_utf8_is_quarantined_alone(home: Home) -> None:
    home.root.mkdir()
    path = write_rows(home.root / "train_ver2.csv", [line(ncodpers="1"), line(nomprov="CORUÑA")])
    path.write_bytes(path.read_bytes().replace("Ñ".encode(), "Ñ".encode("latin-1")))
    import_santander(path, home)
    assert [(number, why) for number, why, _ in _quarantined(home)] == [(3, "not UTF-8 text")]


def test_equal_duplicates_are_dropped_and_counted(home: Home) -> None:
    summary = _import(home, line(), line(antiguedad=" NA"), line(fecha_dato=FEBRUARY))
    assert summary.repeated == {"holdings": 1}
    assert summary.identity.quarantined == {}
    assert _holdings(home).height == 2


def test_contradicting_duplicates_keep_the_same_line_in_either_order(home: Home) -> None:
    rich, poor = line(renta="900000"), line(renta="1200")
    kept = set()
    for lines in [(rich, poor), (poor, rich)]:
        summary = _import(home, *lines)
        kept.add(summary.identity.fingerprint)
        assert summary.identity.quarantined == {"holdings": 1}
        number, reason, raw = _quarantined(home)[0]
        assert (reason[: len(CONFLICT)], json.loads(raw)) == (CONFLICT, {"raw": rich})
        assert lines[number - 2] == rich
    assert len(kept) == 1


def test_missing_columns_stop_with_one_error_naming_all(home: Home) -> None:
    home.root.mkdir()
    path = home.root / "train_ver2.csv"
    path.write_text(f"{HEADER}\n".replace('"age",', "").replace('"ind_hip_fin_ult1",', ""))
    with pytest.raises(
        TableInvalid, match=r"train_ver2\.csv: missing column\(s\) age, ind_hip_fin_ult1"
    ):
        import_santander(path, home)


def test_columns_may_come_in_any_order(home: Home) -> None:
    home.root.mkdir()
    table = pl.read_csv(write_rows(home.root / "a.csv", [line()]), infer_schema=False)
    expected = import_santander(home.root / "a.csv", home).identity.fingerprint
    table.select(reversed(table.columns)).write_csv(home.root / "b.csv")
    assert import_santander(home.root / "b.csv", home).identity.fingerprint == expected


def test_a_file_without_a_usable_line_is_refused_with_the_reason(home: Home) -> None:
    with pytest.raises(ImportRefused, match="no line can be used, most often because of age: exp"):
        _import(home, line(age="x"))
    with pytest.raises(ImportRefused, match="has no lines"):
        _import(home)


def test_a_customer_gets_a_new_row_only_when_something_changed(home: Home) -> None:
    months = [f"2015-{month:02d}-28" for month in range(1, 7)]
    ages = [" 35", " 35", " 36", " 36", " 36", " 36"]
    active = ["1", "1", "1", "1", "0", "0"]
    _import(
        home,
        *(
            line(fecha_dato=month, age=age, ind_actividad_cliente=flag)
            for month, age, flag in zip(months, ages, active, strict=True)
        ),
    )
    customers = TableStore(home).scan("customers").collect()
    assert customers.select("observed_on", "birth_date", "is_active").rows() == [
        (date(2015, 1, 28), date(1980, 1, 28), True),
        (date(2015, 3, 28), date(1979, 3, 28), True),
        (date(2015, 5, 28), date(1979, 3, 28), False),
    ]


def test_label_months_need_the_month_before(home: Home) -> None:
    summary = _import(
        home, *(line(fecha_dato=m) for m in (JANUARY, FEBRUARY, "2015-04-28", "2015-05-28"))
    )
    assert summary.identity.label_months == [date(2015, 2, 28), date(2015, 5, 28)]
    assert summary.identity.data_until == date(2015, 5, 28)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    write_file(folder / "train_ver2.csv", customers=800, months=5, seed=3, repeated_share=0.01)
    return folder


def test_nothing_is_lost_from_a_large_file(many: Path, home: Home) -> None:
    written = write_file(many / "other.csv", customers=800, months=5, seed=3, repeated_share=0.01)
    summary = bring_in(SantanderCsvImporter(batch_lines=700), many / "other.csv", home)
    assert summary.rows_read == written.rows
    assert summary.repeated == {"holdings": written.repeated}
    assert list(summary.set_to_unknown.values()) == [written.ages_out_of_range]
    assert summary.identity.row_counts["holdings"] == written.rows - written.repeated
    unknown = _holdings(home).filter(pl.col("unknown").list.len() > 0).height
    assert unknown == written.payroll_unknown


def test_shuffled_lines_and_other_batches_give_the_same_tables(many: Path, home: Home) -> None:
    first = import_santander(many, home)
    tables = {name: TableStore(home).scan(name).collect() for name in first.identity.row_counts}
    mixed = shuffled(many / "train_ver2.csv", many / "mixed.csv", seed=1)
    second = bring_in(SantanderCsvImporter(batch_lines=333), mixed, home)
    assert second.identity.fingerprint == first.identity.fingerprint
    assert all(t.equals(TableStore(home).scan(n).collect()) for n, t in tables.items())


def test_one_changed_flag_changes_the_fingerprint(home: Home) -> None:
    before = _import(home, line()).identity.fingerprint
    assert _import(home, line(ind_hip_fin_ult1="1")).identity.fingerprint != before


def test_what_was_imported_satisfies_the_canonical_schemas(many: Path, home: Home) -> None:
    import_santander(many, home)
    for name in ("customers", "products", "holdings"):
        TABLES[name].schema.validate(TableStore(home).scan(name).collect(), lazy=True)


def test_reads_compressed_files(many: Path, home: Home, tmp_path: Path) -> None:
    plain = many / "train_ver2.csv"
    expected = import_santander(plain, home).identity.fingerprint
    with gzip.open(tmp_path / "train_ver2.csv.gz", "wb") as file:
        file.write(plain.read_bytes())
    with zipfile.ZipFile(tmp_path / "train_ver2.csv.zip", "w") as archive:
        archive.write(plain, "train_ver2.csv")
    for name in ("train_ver2.csv.gz", "train_ver2.csv.zip"):
        assert import_santander(tmp_path / name, home).identity.fingerprint == expected


def test_a_damaged_archive_is_refused(many: Path, home: Home, tmp_path: Path) -> None:
    whole = gzip.compress((many / "train_ver2.csv").read_bytes())
    (tmp_path / "train_ver2.csv.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImportRefused, match="damaged archive"):
        import_santander(tmp_path, home)
    (tmp_path / "x.zip").write_bytes(b"no archive")
    with pytest.raises(ImportRefused, match="not a zip archive"):
        import_santander(tmp_path / "x.zip", home)


def test_reports_progress_in_bytes_and_months(many: Path, home: Home) -> None:
    seen: list[tuple[str, int, int | None]] = []
    import_santander(many, home, progress=lambda *step: seen.append(step))
    size = (many / "train_ver2.csv").stat().st_size
    assert ("reading train_ver2.csv (bytes)", size, size) in seen
    assert ("writing months", 5, 5) in seen
