"""What must hold between the service and its peers."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from benchmarks.measurements import Phase, Summary, summary_of
from benchmarks.peers import COMPILED, HELLO, NAIVE, PLAIN


class Verdict(msgspec.Struct, frozen=True):
    """One ratio beside its target; `met` is None when a side was not measured."""

    claim: str
    ratio: float | None
    target: str
    met: bool | None


def verdicts(found: Sequence[Summary]) -> list[Verdict]:
    """Every target with what was measured.

    Throughput is that of the closed loop; p50 that of the open loop at the same rate for both.
    """
    return [
        _at_least(found, PLAIN, NAIVE, 2.0, "(d) plain / (b): decisions a second"),
        _at_most(found, PLAIN, NAIVE, 0.6, "(d) plain / (b): p50 at the same rate"),
        _at_least(found, COMPILED, NAIVE, 4.0, "(d) compiled / (b): decisions a second"),
        _at_most(found, COMPILED, NAIVE, 0.4, "(d) compiled / (b): p50 at the same rate"),
        _at_least(found, COMPILED, HELLO, 0.25, "(d) compiled / (a): answers a second"),
    ]


def _at_least(
    found: Sequence[Summary], ours: str, theirs: str, target: float, claim: str
) -> Verdict:
    sides = _sides(found, ours, theirs, "closed")
    if sides is None:
        return Verdict(claim, None, f"≥ {target}", None)
    ratio = sides[0].answers_per_second.median / sides[1].answers_per_second.median
    return Verdict(claim, ratio, f"≥ {target}", ratio >= target)


def _at_most(
    found: Sequence[Summary], ours: str, theirs: str, target: float, claim: str
) -> Verdict:
    sides = _sides(found, ours, theirs, "open_common")
    if sides is None:
        return Verdict(claim, None, f"≤ {target}", None)
    ratio = sides[0].p50_ms.median / sides[1].p50_ms.median
    return Verdict(claim, ratio, f"≤ {target}", ratio <= target)


def _sides(
    found: Sequence[Summary], ours: str, theirs: str, phase: Phase
) -> tuple[Summary, Summary] | None:
    left, right = summary_of(found, ours, phase), summary_of(found, theirs, phase)
    return (left, right) if left is not None and right is not None else None
