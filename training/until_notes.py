"""What became of the `train_until` that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date


def until_notes(asked: date | None, used: date, *, is_measured: bool) -> Iterator[str]:
    """One line each: another day is used than was asked for; no month is left to measure on."""
    if asked is None:
        return
    if asked != used:
        yield f"trained until {used}, the last label month up to {asked}"
    if not is_measured:
        yield (
            f"no label month follows {used}: nothing is left to measure on, train with an earlier"
            " --train-until to know how good this is"
        )
