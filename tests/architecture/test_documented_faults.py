"""The table of faults names files and tests that exist; no module of fault tests is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "faults.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and "`tests/" in line
]


def test_the_table_is_read() -> None:
    assert len(ROWS) >= 40
    assert {len(row) for row in ROWS} == {4}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_documented_fault_has_its_protection_and_its_test(row: list[str]) -> None:
    protection, test = row[2].strip("`"), row[3].strip("`")
    assert (ROOT / protection).is_file()
    file, _, name = test.partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {name}\(", text, re.MULTILINE)


def test_every_module_of_fault_tests_stands_in_the_table() -> None:
    tested = {row[3].strip("`").partition("::")[0] for row in ROWS}
    modules = (ROOT / "tests" / "faults").glob("test_*.py")
    assert {str(path.relative_to(ROOT)) for path in modules} <= tested
