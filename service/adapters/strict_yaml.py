"""YAML read strictly: no duplicate and no unknown keys; every complaint has a place and a cure."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from service.errors import CatalogueInvalid

T = TypeVar("T")
_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_CURES = (
    ("unknown field", "remove it or correct its name"),
    ("missing required field", "add it"),
    ("timezone component", "end the time with an offset such as +08:00 or Z"),
)


class _StrictLoader(yaml.CSafeLoader):
    """A safe loader that refuses what YAML would silently overwrite."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping; `ConstructorError` where a key stands twice."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                mark = node.value[place][0].start_mark
                raise yaml.constructor.ConstructorError(
                    problem=f"key {key!r} stands twice: remove one", problem_mark=mark
                )
        return super().construct_mapping(node, deep)


def read_yaml(path: Path, kind: type[T]) -> tuple[T, bytes]:
    """The file as its struct, and its bytes; `CatalogueInvalid` names file, entry and cure."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise CatalogueInvalid(f"{path} cannot be read ({error.strerror}): create it") from None
    try:
        document = yaml.load(raw, _StrictLoader)  # noqa: S506 - a subclass of the safe loader
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise CatalogueInvalid(f"{path} is no valid YAML: {_one_line(error)}") from None
    try:
        return msgspec.convert(document, kind), raw
    except msgspec.ValidationError as error:
        raise CatalogueInvalid(f"{path}: {_explain(document, str(error))}") from None


def _explain(document: Any, message: str) -> str:
    match = _PLACE.match(message)
    assert match
    what, path = match["what"], (match["path"] or "").lstrip(".")
    cure = next((cure for sign, cure in _CURES if sign in what), "correct the value")
    place = f" at {path}" if path else ""
    return f"{_entry(document, path)}{what}{place}: {cure}"


def _entry(document: Any, path: str) -> str:
    """Which offer a path such as `offers[3].value` lies in, as far as the entry says so."""
    match = re.match(r"(offers|treatments)\[(\d+)\]", path)
    if not match:
        return ""
    entry = document[match[1]][int(match[2])]
    key = "id" if match[1] == "offers" else "offer"
    return f"offer {entry[key]}: " if isinstance(entry, dict) and key in entry else ""


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
