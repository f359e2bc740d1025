"""The documented schema is the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from feature_repo.contract import CHANNELS, TRANSACTION_CATEGORIES
from training.tables.schema import TABLES

_DOCUMENT = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")


def _section(table: str) -> str:
    return _DOCUMENT.split(f"## {table}\n", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("name", TABLES)
def test_document_names_every_column_and_no_other(name: str) -> None:
    rows = [line for line in _section(name).splitlines() if line.startswith("| `")]
    documented = [row.split("`")[1] for row in rows]
    assert documented == list(TABLES[name].dtypes)


@pytest.mark.parametrize("name", TABLES)
def test_document_says_which_columns_are_mandatory(name: str) -> None:
    rows = [line for line in _section(name).splitlines() if line.startswith("| `")]
    mandatory = tuple(row.split("`")[1] for row in rows if "| yes |" in row)
    assert mandatory == TABLES[name].required


@pytest.mark.parametrize("word", [*CHANNELS, *TRANSACTION_CATEGORIES])
def test_document_names_every_channel_and_category(word: str) -> None:
    assert f"`{word}`" in _DOCUMENT


@pytest.mark.parametrize("name", TABLES)
def test_every_column_has_a_description_and_every_key_exists(name: str) -> None:
    table = TABLES[name]
    assert all(column.description for column in table.schema.columns.values())
    assert {*table.key, *table.order, *table.fact_dates} <= set(table.dtypes)
    assert set(table.key) <= set(table.required)
