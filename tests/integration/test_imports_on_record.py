"""What is brought online is on record first, and a rebuild reads that and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import polars as pl
import pytest

from model_registry.home import Home
from nbo.cli import run
from nbo.import_record import ImportRecord
from nbo.recorded_imports import newest_imports
from service.ports import RecordKind, kind_key
from tests.built_bank import built
from tests.toy_bank import BANK
from tests.toy_catalogue_files import toy_files, written
from tests.written_log import WrittenLog
from training.tables.store import TableStore


@pytest.fixture(scope="module")
def toy_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy bank with its features; nobody changes it."""
    return built(tmp_path_factory.mktemp("bank")).root


@pytest.fixture
def home(
    toy_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, redis: object
) -> Home:
    """A copy of it, where the command line works on it and on an empty Redis."""
    root, catalogue = tmp_path / "home", tmp_path / "catalogue"
    shutil.copytree(toy_home, root)
    catalogue.mkdir()
    monkeypatch.setenv("NBO_HOME", str(root))
    monkeypatch.setenv("NBO_REDIS_URL", address)
    monkeypatch.setenv("NBO_CATALOGUE", str(written(catalogue, toy_files())))
    monkeypatch.delenv("NBO_ANCHORS", raising=False)
    return Home(root)


def load() -> None:
    assert run(["features", "materialize"]) == 0


def rebuilt(capsys: pytest.CaptureFixture[str]) -> str:
    """What a refused rebuild says."""
    capsys.readouterr()
    assert run(["contact", "rebuild"]) == 1
    told = capsys.readouterr().err.splitlines()
    (line,) = (line for line in told if line.startswith("nbo: "))
    return str(line)


def imports(home: Home) -> list[ImportRecord]:
    """Every import record, oldest first."""
    with WrittenLog(home.root).opened() as log:
        found = log.book.find_all(kind_key(RecordKind.IMPORT))
    return [msgspec.json.decode(one.payload or b"", type=ImportRecord) for one in found]


def alter(home: Home, name: str) -> None:
    """Lose the first row of a table."""
    tables = TableStore(home)
    tables.write(name, tables.scan(name).collect().slice(1))


def test_a_load_puts_each_of_its_tables_on_record_once(home: Home) -> None:
    load()
    recorded = imports(home)
    tables = TableStore(home)
    assert [one.table for one in recorded] == ["consents", "contacts"]
    for one in recorded:
        assert (one.bank, one.digest) == (BANK, tables.digest(one.table))
        assert one.rows == tables.scan(one.table).collect().height > 0
        assert one.imported_at == home.bank().imported_at
    load()
    assert imports(home) == recorded
    assert run(["audit", "verify"]) == 0
    assert run(["contact", "rebuild"]) == 0


@pytest.mark.parametrize("table", ["contacts", "consents"])
def test_a_rebuild_refuses_a_table_that_was_altered_until_it_is_loaded(
    home: Home, capsys, table: str
) -> None:
    load()
    alter(home, table)
    line = rebuilt(capsys)
    assert f"table {table} is not the one that was loaded" in line
    assert "nbo features materialize" in line
    load()
    assert [one.table for one in imports(home)] == ["consents", "contacts", table]
    assert run(["contact", "rebuild"]) == 0


def test_a_restored_table_is_rebuilt_from(home: Home, capsys) -> None:
    load()
    before = TableStore(home).scan("contacts").collect()
    alter(home, "contacts")
    rebuilt(capsys)
    TableStore(home).write("contacts", before)
    assert run(["contact", "rebuild"]) == 0


def test_the_same_rows_in_another_file_are_the_same_table(home: Home) -> None:
    load()
    path = TableStore(home).path("contacts")
    pl.read_parquet(path).write_parquet(path, compression="lz4", row_group_size=7)
    assert run(["contact", "rebuild"]) == 0
    load()
    assert len(imports(home)) == 2


def test_a_table_that_went_or_came_is_told(home: Home, capsys) -> None:
    load()
    path = TableStore(home).path("contacts")
    path.rename(path.with_suffix(".kept"))
    assert "none here" in rebuilt(capsys)
    load()
    assert [(one.digest, one.rows) for one in imports(home)[2:]] == [(None, 0)]
    assert run(["contact", "rebuild"]) == 0
    path.with_suffix(".kept").rename(path)
    assert "none on record" in rebuilt(capsys)


def test_a_rebuild_without_any_record_of_a_load_is_refused(home: Home, capsys) -> None:
    load()
    shutil.rmtree(home.root / "log")
    shutil.rmtree(home.root / "anchors")
    assert "does not say which consents were loaded" in rebuilt(capsys)
    load()
    assert run(["contact", "rebuild"]) == 0


def test_nothing_is_rebuilt_while_an_import_record_is_damaged(home: Home, capsys) -> None:
    load()
    alter(home, "contacts")
    load()
    log = WrittenLog(home.root)
    place = log.places("w0")[-1]
    content = bytearray(place.segment.path.read_bytes())
    content[place.end - 1] ^= 1
    place.segment.path.write_bytes(content)
    assert "record 3 of writer w0 is damaged" in rebuilt(capsys)


def test_a_bank_that_brought_neither_has_nothing_to_record(home: Home) -> None:
    for table in ("contacts", "consents"):
        TableStore(home).path(table).unlink()
    load()
    assert imports(home) == []
    assert run(["contact", "rebuild"]) == 0


def test_what_stands_before_an_erased_record_is_not_believed(home: Home, capsys) -> None:
    load()
    with WrittenLog(home.root).opened() as log:
        log.erase(kind_key(RecordKind.IMPORT))
    assert newest_imports() == {}
    assert "does not say which consents were loaded" in rebuilt(capsys)
    load()
    assert set(newest_imports()) == {"consents", "contacts"}


def test_nothing_is_loaded_that_cannot_be_put_on_record(home: Home, capsys, redis) -> None:
    (home.root / "log").mkdir()
    (home.root / "log" / "w0").write_text("a file where the folder should be")
    assert run(["features", "materialize"]) == 1
    assert "cannot write the event log" in capsys.readouterr().err
    assert redis.dbsize() == 0


def test_a_bank_without_a_catalogue_is_loaded_as_often_as_one_likes(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setenv("NBO_CATALOGUE", str(home.root / "nowhere"))
    load()
    load()
    with WrittenLog(home.root).opened() as log:
        log.append(RecordKind.OUTCOME, b"heard")
    assert run(["features", "materialize"]) == 1  # its contacts would be forgotten
    assert "offers.yaml" in capsys.readouterr().err


def test_the_list_says_in_words_what_was_loaded(home: Home, capsys) -> None:
    load()
    capsys.readouterr()
    assert run(["events", "list", "--kind", "import", "--json"]) == 0
    (consents, contacts) = json.loads(capsys.readouterr().out)
    digest = TableStore(home).digest("contacts")
    rows = TableStore(home).rows("contacts")
    assert contacts["what"] == f"bank {BANK}: {rows} rows of contacts loaded, SHA-256 {digest}"
    assert consents["what"].startswith(f"bank {BANK}: ")
    assert run(["events", "list", "--kind", "import"]) == 0
    assert "rows of contacts loaded" in capsys.readouterr().out
