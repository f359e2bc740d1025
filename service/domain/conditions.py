"""The conditions a bank declares for its offers, as written and as read.

Issue, group and offer may each declare one; all must hold. Where one of them says
`on_missing: allow`, that one permits what it cannot tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from service.domain.columns import Mask
from service.domain.condition_tree import Atom, Condition, Holds, Known, NumberTest, atoms_of


class Facts(Protocol):
    """What a condition may ask about one customer in one request; NaN and None are unknown."""

    def number(self, name: str) -> float:
        """A number of the contract, or `age`."""

    def text(self, name: str) -> str | None:
        """A category of the contract; channel, trigger, intent or device of the request."""

    def has_product(self, product_id: str) -> bool | None:
        """Whether she holds the product."""


@dataclass(frozen=True)
class DeclaredCondition:
    """One condition as written and as read, and whether it denies what it cannot tell."""

    text: str
    tree: Condition
    denies_unknown: bool = True


class Conditions:
    """The conditions of one kind; `declared` has one tuple per offer, from issue to offer."""

    def __init__(self, declared: Sequence[tuple[DeclaredCondition, ...]]) -> None:
        self.declared = tuple(declared)

    def denied_when_unknown(self) -> Mask:
        """True per offer with at least one condition that denies where it cannot be told."""
        denied = [any(part.denies_unknown for part in parts) for parts in self.declared]
        return np.array(denied, dtype=np.bool_)

    def text(self, row: int) -> str | None:
        """What the bank wrote, joined where several levels declare one; None where none does."""
        written = [part.text for part in self.declared[row]]
        if len(written) < 2:
            return written[0] if written else None
        return " and ".join(f"({text})" for text in written)

    def seen(self, row: int, facts: Facts) -> str:
        """`income_monthly=2500, has_product(mortgage)=no, segment=unknown`, each fact once."""
        asked = (atom for part in self.declared[row] for atom in atoms_of(part.tree))
        return ", ".join(dict.fromkeys(_said(atom, facts) for atom in asked))


def _said(atom: Atom, facts: Facts) -> str:
    if isinstance(atom, Holds):
        state = {True: "yes", False: "no", None: "unknown"}[facts.has_product(atom.product_id)]
        return f"has_product({atom.product_id})={state}"
    if isinstance(atom, NumberTest) or (isinstance(atom, Known) and atom.is_number):
        number = facts.number(atom.name)
        return f"{atom.name}={'unknown' if math.isnan(number) else f'{number:g}'}"
    return f"{atom.name}={facts.text(atom.name) or 'unknown'}"
