"""What must hold between the service and its peers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from benchmarks.measurements import Phase, Summary, summary_of
from benchmarks.peers import COMPILED, HELLO, LEAST, NAIVE, PLAIN

Work = Literal["full policy", "six rules"]
"""What (d) did when a target was set. It now does all of the full policy: caps, record and token
beside 15 rules.
"""


class Target(msgspec.Struct, frozen=True):
    """One ratio and its bound; None = only told. A target that another one replaced, because (d)
    does more now, is measured and shown all the same.
    """

    ours: str
    theirs: str
    phase: Phase
    bound: float | None
    claim: str
    work: Work = "six rules"
    is_replaced: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """One ratio beside its target; `met` is None when a side was not measured or there is no
    target.
    """

    claim: str
    ratio: float | None
    target: str
    met: bool | None
    work: Work
    is_binding: bool


_SPEED, _P50 = "decisions a second", "p50 at the same rate"
_PLAIN, _COMPILED = "(d) plain / (b)", "(d) compiled / (b)"
TARGETS = (
    Target(PLAIN, NAIVE, "closed", 1.6, f"{_PLAIN}: {_SPEED}", "full policy"),
    Target(COMPILED, NAIVE, "closed", 3.0, f"{_COMPILED}: {_SPEED}", "full policy"),
    Target(PLAIN, NAIVE, "closed", 2.0, f"{_PLAIN}: {_SPEED}", is_replaced=True),
    Target(PLAIN, NAIVE, "open_common", 0.6, f"{_PLAIN}: {_P50}, 50 % of (b)"),
    Target(COMPILED, NAIVE, "closed", 4.0, f"{_COMPILED}: {_SPEED}", is_replaced=True),
    Target(COMPILED, NAIVE, "open_common", 0.4, f"{_COMPILED}: {_P50}, 50 % of (b)"),
    Target(COMPILED, HELLO, "closed", 0.25, "(d) compiled / (a): answers a second"),
    Target(LEAST, HELLO, "closed", None, "(e) / (a): answers a second, I/O and ranker only"),
    Target(PLAIN, NAIVE, "open_busy", None, f"{_PLAIN}: {_P50}, 80 % of (b)", "full policy"),
    Target(COMPILED, NAIVE, "open_busy", None, f"{_COMPILED}: {_P50}, 80 % of (b)", "full policy"),
)


def verdicts(found: Sequence[Summary]) -> list[Verdict]:
    """Every target with what was measured.

    Throughput is that of the closed loop; p50 that of the open loop at the same rate for both.
    """
    return [_verdict(found, target) for target in TARGETS]


def _verdict(found: Sequence[Summary], target: Target) -> Verdict:
    ratio, is_least = _ratio(found, target), target.phase == "closed"
    said, met = "none", None
    if target.bound is not None:
        said = f"{'≥' if is_least else '≤'} {target.bound}"
        if ratio is not None:
            met = ratio >= target.bound if is_least else ratio <= target.bound
    is_binding = target.bound is not None and not target.is_replaced
    return Verdict(target.claim, ratio, said, met, target.work, is_binding)


def _ratio(found: Sequence[Summary], target: Target) -> float | None:
    """Answers a second in the closed loop, else median latency; None when a side is missing."""
    left = summary_of(found, target.ours, target.phase)
    right = summary_of(found, target.theirs, target.phase)
    if left is None or right is None:
        return None
    if target.phase == "closed":
        return left.answers_per_second.median / right.answers_per_second.median
    return left.p50_ms.median / right.p50_ms.median
