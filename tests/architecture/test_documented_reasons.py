"""Whoever reads `degraded_reasons` finds every one explained, and the contract says where."""

from __future__ import annotations

import re
from pathlib import Path

from feature_repo.contact_layout import ENTRY
from feature_repo.contract import FEATURES, VIEWS
from service.api.openapi import build_document

ROOT = Path(__file__).parents[2]
DOCUMENT = Path("docs") / "degraded_reasons.md"
GIVERS = (
    "domain/freshness.py",
    "domain/situation.py",
    "pipeline/engine.py",
    "ports/reading.py",
    "use_cases/commit_decision.py",
    "use_cases/deciding.py",
    "use_cases/edition.py",
    "use_cases/know_customer.py",
    "use_cases/make_decision.py",
)
"""Where reasons are given; their other words are names of the contract and of contact entries."""
OTHER_WORDS = {*(it.name for it in (*FEATURES, *VIEWS)), *(ENTRY.names or ())}


def given() -> set[str]:
    """Every reason the source can give; what follows a colon is left out."""
    source = "".join((ROOT / "service" / file).read_text(encoding="utf-8") for file in GIVERS)
    whole = re.findall(r'"([a-z]+(?:_[a-z]+)+)"', source)
    headed = re.findall(r'f"(\w+):\{', source)
    stages = re.findall(r'(?:trace\.failed\(|name = \()"(\w+)"', source)
    return {*whole, *headed, *(f"{stage}_failed" for stage in stages)} - OTHER_WORDS


def test_every_reason_stands_in_the_table_and_says_whether_to_ask_again() -> None:
    text = (ROOT / DOCUMENT).read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)(?::<\w+>)?` \| .+ \| (yes|no)\b.* \|$", text, re.MULTILINE)
    assert {code for code, _ in rows} == given()
    assert len(rows) == len(given()) > 20


def test_the_contract_says_where_the_table_is() -> None:
    schemas = build_document()["components"]["schemas"]
    for name in ("DecisionAnswer", "RecordedDecision"):
        described = schemas[name]["properties"]["degraded_reasons"]["description"]
        assert str(DOCUMENT) in described
