"""The simulated calendar: days counted from the first one, cut into steps at month ends."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

DAYS_IN_MONTH = 30.4375


@dataclass(frozen=True)
class Step:
    """One month or a part of it; day numbers count from the first simulated day."""

    index: int
    first_day: int
    days: int
    month: int
    month_start_day: int
    last_date: date
    is_whole_until_end: bool

    @property
    def end_day(self) -> int:
        """The first day after this step."""
        return self.first_day + self.days

    @property
    def share_of_month(self) -> float:
        """Length of the step in average months."""
        return self.days / DAYS_IN_MONTH


@dataclass(frozen=True)
class Timeline:
    """All steps from the first to the last simulated day, both included."""

    start: date
    end: date
    steps: tuple[Step, ...]

    @classmethod
    def ending(cls, end: date, days: int) -> Timeline:
        """`days` days that end with `end`."""
        start = end - timedelta(days=days - 1)
        steps: list[Step] = []
        first = start
        while first <= end:
            month_end = first.replace(day=monthrange(first.year, first.month)[1])
            last = min(month_end, end)
            steps.append(
                Step(
                    index=len(steps),
                    first_day=(first - start).days,
                    days=(last - first).days + 1,
                    month=first.month,
                    month_start_day=(first.replace(day=1) - start).days,
                    last_date=last,
                    is_whole_until_end=last == month_end,
                )
            )
            first = last + timedelta(days=1)
        return cls(start=start, end=end, steps=tuple(steps))

    @property
    def snapshot_steps(self) -> tuple[Step, ...]:
        """Steps that end with a month end: the dates of the bank's holdings snapshots."""
        return tuple(step for step in self.steps if step.is_whole_until_end)

    def dates(self, days: NDArray[np.integer]) -> NDArray[np.datetime64]:
        """Calendar dates of day numbers."""
        return np.datetime64(self.start, "D") + days.astype("timedelta64[D]")
