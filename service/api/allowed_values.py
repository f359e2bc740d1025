"""Which values a field of a request takes, read from its type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import inspect


def allowed_values(asked: type, path: Sequence[str]) -> tuple[str, ...]:
    """The values of the enumeration at this path of names and places; none where there is none."""
    kinds = [inspect.type_info(asked)]
    for step in path:
        kinds = [below for kind in _alternatives(kinds) for below in _below(kind, step)]
    return tuple(value for kind in _alternatives(kinds) for value in _values(kind))


def _alternatives(kinds: Sequence[inspect.Type]) -> Iterator[inspect.Type]:
    for kind in kinds:
        if isinstance(kind, inspect.Metadata):
            yield from _alternatives([kind.type])
        elif isinstance(kind, inspect.UnionType):
            yield from _alternatives(kind.types)
        else:
            yield kind


def _below(kind: inspect.Type, step: str) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.ListType):
        yield kind.item_type
    elif isinstance(kind, inspect.StructType):
        yield from (field.type for field in kind.fields if field.encode_name == step)


def _values(kind: inspect.Type) -> Iterator[str]:
    if isinstance(kind, inspect.LiteralType):
        yield from map(str, kind.values)
    elif isinstance(kind, inspect.EnumType):
        yield from (str(member.value) for member in kind.cls)
