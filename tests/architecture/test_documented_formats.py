"""Whoever writes a catalogue or a training configuration finds every key of it documented."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec import inspect

from service.adapters import catalogue_format
from training.config import TrainConfig

DOCS = Path(__file__).parents[2] / "docs"
FORMATS = [
    entry
    for entry in vars(catalogue_format).values()
    if isinstance(entry, type) and issubclass(entry, msgspec.Struct) and entry is not msgspec.Struct
]


@pytest.mark.parametrize("entry", FORMATS, ids=lambda entry: entry.__name__)
def test_every_key_of_a_catalogue_is_documented(entry: type[msgspec.Struct]) -> None:
    text = (DOCS / "catalogue.md").read_text(encoding="utf-8")
    keys = [field.encode_name for field in msgspec.structs.fields(entry)]
    missing = [key for key in keys if f"`{key}`" not in text]
    assert not missing


def training_keys(config: msgspec.Struct, prefix: str = "") -> dict[str, object]:
    """Every dotted key and its default."""
    keys: dict[str, object] = {}
    for name, value in msgspec.structs.asdict(config).items():
        nested = isinstance(value, msgspec.Struct)
        keys |= training_keys(value, f"{prefix}{name}.") if nested else {prefix + name: value}
    return keys


def documented(column: int) -> dict[str, str]:
    """What the table of training keys says in a column, by key."""
    text = (DOCS / "training.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): row[column] for row in rows}


def allowed(kind: inspect.Type) -> str:
    """The values a key may have, as the document writes them."""
    if isinstance(kind, inspect.IntType):
        return f"{kind.ge} to {kind.le}"
    if isinstance(kind, inspect.FloatType):
        return f"above {kind.gt:g}, to {kind.le:g}" if kind.ge is None else f"0 to {kind.le:.0f}"
    return "a day, or none"


def training_ranges(kind: type, prefix: str = "") -> dict[str, str]:
    """Every dotted key and the values it may have."""
    found: dict[str, str] = {}
    described = inspect.type_info(kind)
    assert isinstance(described, inspect.StructType)
    for field in described.fields:
        if isinstance(field.type, inspect.StructType):
            found |= training_ranges(field.type.cls, f"{prefix}{field.name}.")
        else:
            found[prefix + field.name] = allowed(field.type)
    return found


def test_every_key_of_a_training_configuration_is_documented_with_its_default() -> None:
    expected = training_keys(TrainConfig())
    assert documented(3) == {k: "none" if v is None else str(v) for k, v in expected.items()}


def test_every_key_of_a_training_configuration_is_documented_with_what_it_may_be() -> None:
    assert documented(2) == training_ranges(TrainConfig)
