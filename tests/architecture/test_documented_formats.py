"""Whoever writes a catalogue or a training configuration finds every key of it documented."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

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


def test_every_key_of_a_training_configuration_is_documented_with_its_default() -> None:
    text = (DOCS / "training.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    documented = {row.split("`")[1]: row.rstrip(" |").rsplit("|", 1)[1].strip() for row in rows}
    expected = training_keys(TrainConfig())
    assert documented == {k: "none" if v is None else str(v) for k, v in expected.items()}
