"""YAML read strictly: no duplicate and no unknown keys; every complaint has a line and a cure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
import yaml

from service.adapters.complaints import Complaint, Place
from service.adapters.struct_faults import faults_of

T = TypeVar("T")
MOST_LEVELS = 32
"""No catalogue needs a third of them; from some ten thousand on the reader ends the process."""
_CURES = (
    ("unknown field", "remove it or correct its name"),
    ("missing required field", "add it"),
    ("timezone component", "end the time with an offset such as +08:00 or Z"),
    ("Expected `str`, got `int`", 'put it in quotes, as in "21:00"'),
)


class _StrictLoader(yaml.CSafeLoader):
    """A safe loader that refuses what YAML would silently overwrite."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """The value; `ConstructorError` also for one that cannot be, such as 30 February."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError) as error:
            raise yaml.constructor.ConstructorError(
                problem=str(error), problem_mark=node.start_mark
            ) from None

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


class YamlUnusable(Exception):
    """A file cannot be read as what it should be; holds every complaint about it."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__("\n".join(map(str, complaints)))
        self.complaints = complaints


@dataclass(frozen=True)
class YamlFile(Generic[T]):
    """One file's content as its struct; the text is kept to find lines again."""

    path: Path
    raw: bytes
    content: T

    def complaint(self, place: Place, what: str) -> Complaint:
        """A complaint about what stands at the place."""
        return Complaint(self.path, self._lines.of(place), what)

    @cached_property
    def _lines(self) -> _Lines:
        return _Lines(yaml.compose(self.raw, Loader=yaml.CSafeLoader))


def read_yaml(path: Path, raw: bytes, kind: type[T]) -> YamlFile[T]:
    """The file as its struct; `YamlUnusable` has a line and a cure for every fault."""
    try:
        _refuse_depth(raw)
        document = yaml.load(raw, _StrictLoader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        what = f"is no valid YAML: {' '.join(str(error.problem).split())}"
        raise YamlUnusable([Complaint(path, mark.line + 1 if mark else None, what)]) from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        what = f"is no valid YAML: {' '.join(str(error).split())}"
        raise YamlUnusable([Complaint(path, None, what)]) from None
    try:
        return YamlFile(path, raw, msgspec.convert(document, kind))
    except msgspec.ValidationError:
        file = YamlFile(path, raw, document)
        raise YamlUnusable(list(_complaints(file, kind))) from None


def _refuse_depth(raw: bytes) -> None:
    depth = 0
    event: Any
    for event in yaml.parse(raw, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_LEVELS:
            raise yaml.MarkedYAMLError(
                problem=f"nested deeper than {MOST_LEVELS} levels: write it flatter",
                problem_mark=event.start_mark,
            )


def _complaints(file: YamlFile[Any], kind: type) -> Iterator[Complaint]:
    for place, what in faults_of(file.content, kind):
        cure = next((cure for sign, cure in _CURES if sign in what), "correct the value")
        at = f" at {_written(place)}" if place else ""
        yield file.complaint(place, f"{_entry(file.content, place)}{what}{at}: {cure}")


def _entry(document: Any, place: Place) -> str:
    """Which offer a place such as `offers[3].value` lies in, as far as the entry says so."""
    if len(place) < 2 or place[0] not in ("offers", "treatments"):
        return ""
    entry = document[place[0]][place[1]]
    key = "id" if place[0] == "offers" else "offer"
    return f"offer {entry[key]}: " if isinstance(entry, dict) and key in entry else ""


def _written(place: Place) -> str:
    """`offers[3].value`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return re.sub(r"^\.", "", "".join(parts))


class _Lines:
    """Finds the line of a place; of one that is missing, the line of what it is missing in."""

    def __init__(self, root: yaml.Node | None) -> None:
        self._root = root

    def of(self, place: Place) -> int | None:
        """Counted from 1; None in an empty file."""
        node = self._root
        if node is None:
            return None
        line = node.start_mark.line
        for part in place:
            found = _inside(node, part)
            if found is None:
                break
            key, node = found
            line = key.start_mark.line
        return int(line) + 1


def _inside(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The node that shows where a part begins, and the part itself."""
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
        return (node.value[part],) * 2 if part < len(node.value) else None
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(part)), None)
    return None
