"""The declared conditions of every offer, level by level of the hierarchy, as the engine asks them.

Issue, group and offer may each declare one; all must hold. Where one of them says
`on_missing: allow`, that one permits what it cannot tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.domain.condition_program import ConditionProgram
from service.domain.condition_tree import (
    All,
    Atom,
    Condition,
    Holds,
    Known,
    NumberTest,
    atoms_of,
)
from service.domain.conditions import Facts, Truth, Truths

UNKNOWN, TRUE = int(Truth.UNKNOWN), int(Truth.TRUE)
"""Plain numbers: an array compares itself with an enum's member three times slower."""


@dataclass(frozen=True)
class DeclaredCondition:
    """One condition as written and as read, and whether it denies what it cannot tell."""

    text: str
    tree: Condition
    denies_unknown: bool = True


class CompiledConditions:
    """`Conditions` of a catalogue; `declared` has one tuple per offer, from issue to offer."""

    def __init__(self, declared: Sequence[tuple[DeclaredCondition, ...]]) -> None:
        self._declared = tuple(declared)
        strict = [_together(parts, denies_unknown=True) for parts in declared]
        lenient = [_together(parts, denies_unknown=False) for parts in declared]
        self._count = len(self._declared)
        roots = [*strict, *lenient] if any(lenient) else strict
        self._program = ConditionProgram(roots)
        self._denied = np.array([root is not None for root in strict], dtype=np.bool_)
        self._forgiven: NDArray[np.bool_] = np.array(
            [
                denying is not None and allowing is not None
                for denying, allowing in zip(strict, lenient, strict=True)
            ],
            dtype=np.bool_,
        )
        self._forgives = bool(self._forgiven.any())

    def verdicts(self, facts: Facts) -> Truths:
        """int8 per offer; UNKNOWN of a part that allows it does not weigh beside one that denies
        it.
        """
        truths = self._program.truths(facts)
        if len(truths) == self._count:
            return truths
        strict, lenient = truths[: self._count], truths[self._count :]
        if self._forgives:
            lenient[self._forgiven & (lenient == UNKNOWN)] = TRUE
        return np.minimum(strict, lenient)

    def denied_when_unknown(self) -> NDArray[np.bool_]:
        """True per offer with at least one condition that denies where it cannot be told."""
        return self._denied

    def text(self, row: int) -> str | None:
        """What the bank wrote, joined where several levels declare one."""
        written = [part.text for part in self._declared[row]]
        if len(written) < 2:
            return written[0] if written else None
        return " and ".join(f"({text})" for text in written)

    def seen(self, row: int, facts: Facts) -> str:
        """`income_monthly=2500, has_product(mortgage)=no, segment=unknown`, each fact once."""
        asked = (atom for part in self._declared[row] for atom in atoms_of(part.tree))
        return ", ".join(dict.fromkeys(_said(atom, facts) for atom in asked))


def _together(parts: tuple[DeclaredCondition, ...], *, denies_unknown: bool) -> Condition | None:
    trees = tuple(part.tree for part in parts if part.denies_unknown == denies_unknown)
    return None if not trees else trees[0] if len(trees) == 1 else All(trees)


def _said(atom: Atom, facts: Facts) -> str:
    if isinstance(atom, Holds):
        state = {True: "yes", False: "no", None: "unknown"}[facts.has_product(atom.product_id)]
        return f"has_product({atom.product_id})={state}"
    if isinstance(atom, NumberTest) or (isinstance(atom, Known) and atom.is_number):
        number = facts.numbers[atom.name]
        return f"{atom.name}={'unknown' if np.isnan(number) else f'{number:g}'}"
    return f"{atom.name}={facts.texts[atom.name] or 'unknown'}"
