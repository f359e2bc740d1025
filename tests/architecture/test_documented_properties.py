"""Who writes a client finds every property of the API explained in its document."""

from __future__ import annotations

from typing import Any

import pytest

from service.api.openapi import DESCRIPTIONS, build_document
from service.api.wire_descriptions import COMMON

STRUCTS: dict[str, dict[str, Any]] = {
    name: schema["properties"]
    for name, schema in build_document()["components"]["schemas"].items()
    if "properties" in schema
}


def test_every_schema_has_a_name_that_generated_clients_can_use() -> None:
    """Two classes of one name would stand there under the names of their modules."""
    assert [
        name for name in build_document()["components"]["schemas"] if not name.isidentifier()
    ] == []


@pytest.mark.parametrize("name", STRUCTS)
def test_every_property_is_described_in_one_sentence(name: str) -> None:
    told = {key: schema.get("description", "") for key, schema in STRUCTS[name].items()}
    assert [key for key, words in told.items() if not words.endswith(".")] == []


@pytest.mark.parametrize("name", STRUCTS)
def test_a_property_that_may_be_null_says_when(name: str) -> None:
    nullable = [
        key for key, schema in STRUCTS[name].items() if {"type": "null"} in schema.get("anyOf", ())
    ]
    assert [key for key in nullable if "null" not in STRUCTS[name][key]["description"]] == []


def test_nothing_is_described_that_the_wire_does_not_have() -> None:
    left_over = {
        (name, key) for name, told in DESCRIPTIONS.items() for key in told.keys() - STRUCTS[name]
    }
    assert left_over == set()
    own = {name: DESCRIPTIONS.get(name, {}).keys() for name in STRUCTS}
    shared = {key for name, has in STRUCTS.items() for key in has.keys() - own[name]}
    assert COMMON.keys() == shared


def test_the_table_changes_no_name_and_no_constraint() -> None:
    limit = STRUCTS["PlacementRequest"]["limit"]
    assert {"type": "integer", "minimum": 1, "maximum": 20} in limit["anyOf"]
    assert STRUCTS["OfferAnswer"]["treatment"]["$ref"].endswith("/TreatmentAnswer")
