"""From when on customers earn, rent and raise children: what transactions follow from."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from training.simulated_bank.life_events import EventDays, first_day_of
from training.simulated_bank.population import Flags, Ints, Population
from training.simulated_bank.timeline import Step


@dataclass(frozen=True)
class Livelihood:
    """First day of each regular stream of money; NEVER where it never begins."""

    salary_from: EventDays
    pension_from: EventDays
    rent_from: EventDays
    child_from: EventDays

    @classmethod
    def of(cls, people: Population, event_days: EventDays) -> Livelihood:
        """What the customers' state at the first day and their life events imply."""
        young_parent = people.has_children & (people.age < 45)
        return cls(
            salary_from=first_day_of(event_days, "salary_start", already=people.is_salaried),
            pension_from=first_day_of(event_days, "retirement", already=people.is_retired),
            rent_from=first_day_of(event_days, "rent_start", already=people.is_renting),
            child_from=first_day_of(event_days, "child", already=young_parent),
        )

    def earns(self, day: NDArray[np.integer]) -> Flags:
        """Whether a salary is paid to the customer on `day`; it ends with retirement."""
        return np.asarray((self.salary_from <= day) & (day < self.pension_from))

    def income(self, people: Population, day: NDArray[np.integer]) -> NDArray[np.float64]:
        """Monthly income on `day`: salary, half of it as a pension, a third without either."""
        share = np.where(self.earns(day), 1.0, np.where(self.pension_from <= day, 0.5, 0.33))
        return np.asarray(np.round(people.income * share, 0))

    def rows(self, index: NDArray[np.integer]) -> Livelihood:
        """The same columns for some of the customers."""
        return Livelihood(*(getattr(self, field.name)[index] for field in fields(self)))


def due_day(begins: EventDays, usual: Ints | int, step: Step) -> Ints:
    """The day of a monthly payment: its very first day in the month it begins, else the usual."""
    begins_now = (begins >= step.first_day) & (begins < step.end_day)
    return np.where(begins_now, begins, step.month_start_day + usual - 1).astype(np.int32)
