"""What an import refuses by name, before the old bank is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_registry.home import Home
from training.importers.canonical import import_tables
from training.tables.errors import ImportRefused

CUSTOMERS = "customer_id,observed_on\nc1,2026-01-31\n"
PRODUCTS = "product_id,name,group\np1,Account,accounts\n"
PERIODS = "customer_id,product_id,opened_on,closed_on\n"


def tables(folder: Path, periods: str) -> Path:
    """The least a bank can bring."""
    for name, text in (("customers", CUSTOMERS), ("products", PRODUCTS), ("holdings", periods)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("bank", ["My Bank", "../x", "", "9lives", "a" * 33])
def test_a_name_that_is_no_word_is_refused(tmp_path: Path, bank: str) -> None:
    with pytest.raises(ImportRefused, match="a letter first"):
        import_tables(tmp_path, Home(tmp_path / "home"), bank=bank)


@pytest.mark.parametrize("currency", ["euro", "eur", "€"])
def test_a_currency_that_is_no_code_is_refused(tmp_path: Path, currency: str) -> None:
    with pytest.raises(ImportRefused, match="ISO 4217"):
        import_tables(tmp_path, Home(tmp_path / "home"), bank="toy", currency=currency)


def test_empty_holding_periods_are_not_taken_for_nobody_holding_anything(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with pytest.raises(ImportRefused, match="no row can be used"):
        import_tables(tables(tmp_path, PERIODS), home, bank="toy")
    assert not home.bank_file.exists()
    row = PERIODS + "c1,p1,2026-01-05,\n"
    assert import_tables(tables(tmp_path, row), home, bank="toy").identity.bank == "toy"
