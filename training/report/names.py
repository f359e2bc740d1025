"""How the report calls what it compares."""

from __future__ import annotations

from collections.abc import Iterable

RANKINGS = {
    "model": "nbo (this model)",
    "uncalibrated": "nbo before calibration",
    "affinity": "affinity",
    "transition": "transition",
    "popularity": "popularity",
    "oracle": "oracle (true chances)",
}
"""Every way to rank, in the order it is shown."""

BASELINES = ("affinity", "transition", "popularity")


def shown_rankings(known: Iterable[str], *left_out: str) -> list[str]:
    """The rankings known, in the order of `RANKINGS`."""
    there = set(known) - set(left_out)
    return [name for name in RANKINGS if name in there]
