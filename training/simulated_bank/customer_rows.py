"""The customers table: a first row per customer, and another when something changed."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from feature_repo.contract import CHANNELS
from training.simulated_bank import population
from training.simulated_bank.frames import customer_ids, day_series, named
from training.simulated_bank.livelihood import Livelihood
from training.simulated_bank.population import Population
from training.simulated_bank.timeline import Step, Timeline

INCOME_UNKNOWN_EVERY = 9
REASSESSED_AFTER_DAYS = 540
REASSESSED_SHARE = 0.25


def first_rows(people: Population, livelihood: Livelihood, timeline: Timeline) -> pl.DataFrame:
    """What the bank knew of every customer at the first simulated day, or on joining."""
    observed = np.maximum(people.joined_day, 0)
    return _rows(people, livelihood, timeline, observed)


def changed_rows(
    random: np.random.Generator,
    people: Population,
    livelihood: Livelihood,
    timeline: Timeline,
    step: Step,
) -> pl.DataFrame:
    """A row at the end of the step for those whose income or risk assessment it changed.

    A reassessment renews the date in `people`; the capacity stays as it was.
    """
    member = people.joined_day < step.first_day
    old = people.risk_assessed_day < step.first_day - REASSESSED_AFTER_DAYS
    renewed = (people.risk_capacity > 0) & old & member
    renewed &= random.random(len(people)) < REASSESSED_SHARE
    day = random.integers(step.first_day, step.end_day, len(people), dtype=np.int32)
    people.risk_assessed_day[renewed] = day[renewed]
    begins = np.stack([livelihood.salary_from, livelihood.pension_from])
    income = ((begins >= step.first_day) & (begins < step.end_day)).any(axis=0)
    rows = np.flatnonzero(member & (renewed | income))
    observed = np.full(len(rows), step.end_day - 1)
    return _rows(people.rows(rows), livelihood.rows(rows), timeline, observed)


def _rows(
    people: Population, livelihood: Livelihood, timeline: Timeline, observed: NDArray[np.integer]
) -> pl.DataFrame:
    start = timeline.start
    income = pl.Series(livelihood.income(people, observed))
    assessed = pl.Series(people.risk_capacity > 0)
    return pl.DataFrame(
        {
            "customer_id": customer_ids(people.number),
            "observed_on": day_series(start, observed),
            "birth_date": day_series(start, people.birth_day),
            "gender": named(population.GENDERS, people.gender),
            "nationality": named(population.NATIONALITIES, people.nationality),
            "region": named(population.REGIONS, people.region),
            "segment": named(population.SEGMENTS, people.segment),
            "acquisition_channel": named(population.ACQUISITION, people.acquisition),
            "joined_on": day_series(start, people.joined_day),
            "is_active": people.is_active,
            "is_employee": people.is_employee,
            "income_monthly": income.set(
                pl.Series(people.number % INCOME_UNKNOWN_EVERY == 0), None
            ),
            "risk_capacity": pl.Series(people.risk_capacity).set(~assessed, None).cast(pl.Int8),
            "risk_assessed_on": day_series(start, people.risk_assessed_day).set(~assessed, None),
            "investor_class": named(population.INVESTOR_CLASSES, people.investor_class),
            "is_vulnerable": people.is_vulnerable,
            "time_zone": named(population.TIME_ZONES, people.time_zone),
            "preferred_channel": named(CHANNELS, people.preferred_channel),
        }
    )
