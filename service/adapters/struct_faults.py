"""Every fault of a document that is no valid struct, where the decoder stops at the first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from service.adapters.complaints import Place

_AT = re.compile(r" - at `.*$", re.DOTALL)
_CONSTRAINED = re.compile(
    r"^(?:(Expected `(?:int|float|str)`) (?:[<>]|matching regex )|Number out of range)"
)


def faults_of(value: Any, kind: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Place and reason of each; nothing for a valid value."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        reason = _reason(_AT.sub("", str(error)), kind)
    else:
        return
    inside = list(_inside(value, kind, place))
    yield from inside or [(place, reason)]


def _inside(value: Any, kind: Any, place: Place) -> Iterator[tuple[Place, str]]:
    for option in _options(kind):
        arguments = get_args(option)
        if get_origin(option) is list and isinstance(value, list):
            for position, item in enumerate(value):
                yield from faults_of(item, arguments[0], (*place, position))
        elif get_origin(option) is dict and isinstance(value, dict):
            for key, item in value.items():
                for _, reason in faults_of(key, arguments[0]):
                    yield (*place, key), f"key {key!r}: {reason}"
                yield from faults_of(item, arguments[1], (*place, key))
        elif _is_struct(option) and isinstance(value, dict):
            yield from _of_struct(value, option, place)


def _of_struct(value: dict[Any, Any], kind: Any, place: Place) -> Iterator[tuple[Place, str]]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key in value:
        if key not in fields:
            near = get_close_matches(str(key), fields, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            yield (*place, key), f"Object contains unknown field `{key}`{hint}"
    for name, field in fields.items():
        if name in value:
            yield from faults_of(value[name], field.type, (*place, name))
        elif field.required:
            yield place, f"Object missing required field `{name}`"


def _options(kind: Any) -> tuple[Any, ...]:
    """The types a value may have, without their constraints."""
    if get_origin(kind) is Annotated:
        return _options(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return tuple(option for one in get_args(kind) for option in _options(one))
    return (kind,)


def _reason(reason: str, kind: Any) -> str:
    """The decoder names only the limit that was passed: what is permitted as a whole instead."""
    if reason.startswith("Invalid enum value"):
        return reason + _words_allowed(reason, kind)
    constrained = _CONSTRAINED.match(reason)
    permitted = _permitted(kind)
    if not constrained or not permitted:
        return reason
    return f"{constrained[1] or 'Expected a number'} {permitted}"


def _words_allowed(reason: str, kind: Any) -> str:
    """Every word a closed set holds, and the one that may have been meant."""
    words = [str(word) for option in _options(kind) for word in _words_of(option)]
    near = get_close_matches(reason.partition("'")[2].rstrip("'"), words, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f" (use one of {', '.join(words)}{hint})" if words else ""


def _words_of(option: Any) -> tuple[Any, ...]:
    if get_origin(option) is Literal:
        return get_args(option)
    return tuple(option) if isinstance(option, type) and issubclass(option, Enum) else ()


def _permitted(kind: Any) -> str:
    """What a type's constraints let through, in words; empty where nobody said."""
    if get_origin(kind) in (Union, UnionType):
        return next(filter(None, map(_permitted, get_args(kind))), "")
    for meta in get_args(kind)[1:] if get_origin(kind) is Annotated else ():
        if meta.description:
            return str(meta.description)
        if meta.ge is not None and meta.le is not None:
            return f"from {meta.ge:.16g} to {meta.le:.16g}"
    return ""


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)
