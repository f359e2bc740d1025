"""A condition's text as tokens, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from service.domain.condition_tree import ConditionInvalid

MOST_CHARACTERS = 2_000
KEYWORDS = frozenset({"and", "or", "not", "in", "is", "known", "unknown", "has_product"})
Kind = Literal["number", "text", "name", "keyword", "sign", "end"]
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
    | (?P<text>"[^"\n]*"|'[^'\n]*')
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>==|!=|<=|>=|<|>|\(|\)|\[|\]|,)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """One word of a condition; `place` counts characters from 1."""

    kind: Kind
    text: str
    place: int


def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens, an `end` last; `ConditionInvalid` names the first character that fits none."""
    if len(text) > MOST_CHARACTERS:
        raise ConditionInvalid(
            f"the condition has {len(text)} characters: write at most {MOST_CHARACTERS}"
        )
    return (*_tokens(text), Token("end", "the end", len(text) + 1))


def _tokens(text: str) -> Iterator[Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise ConditionInvalid(_unreadable(text, at))
        kind = match.lastgroup
        assert kind is not None
        word = match[kind]
        place = match.start(kind) + 1
        at = match.end()
        if kind == "name" and word in KEYWORDS:
            kind = "keyword"
        yield Token(kind, word[1:-1] if kind == "text" else word, place)  # type: ignore[arg-type]


def _unreadable(text: str, at: int) -> str:
    place = at + len(text[at:]) - len(text[at:].lstrip())
    found = text[place]
    if found in "\"'":
        return f"the text at character {place + 1} does not end: close it with {found}"
    cures = {"=": "==", "&": "and", "|": "or", "!": "not"}
    cure = f": write {cures[found]}" if found in cures else ": remove it"
    return f"{found!r} at character {place + 1} is not understood{cure}"
