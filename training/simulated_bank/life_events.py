"""What happens in customers' lives, and when: it moves visible facts and hidden needs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.simulated_bank.effects import EVENTS, INTERESTS, LIFE_EVENTS
from training.simulated_bank.population import Flags, Population
from training.simulated_bank.timeline import Step, Timeline

EventDays = NDArray[np.int16]
NEVER = np.int16(32767)
LONG_AGO = np.int16(-32768)
HISTORY_DAYS = 180

MONTHLY_RATE: dict[str, float] = {
    "salary_start": 0.055,
    "large_inbound": 0.035,
    "rent_start": 0.018,
    "travel": 0.085,
    "child": 0.011,
    "retirement": 0.03,
}
INTEREST_RATE = 0.08
ONCE = ("salary_start", "rent_start", "retirement")


def draw_event_days(
    random: np.random.Generator,
    population: Population,
    timeline: Timeline,
    leaning: NDArray[np.float32],
) -> EventDays:
    """Day of each event in each step, NEVER if none: int16[customers, events, 1 + steps].

    Column 0 is the latest occurrence before the first day; `leaning` (customers × groups) says
    how much more often than others a customer becomes interested in a product group.
    """
    days = np.full((len(population), len(EVENTS), 1 + len(timeline.steps)), NEVER, np.int16)
    rates = _monthly_rates(population, leaning)
    past = random.random(rates.shape, np.float32) < 1 - (1 - rates) ** (HISTORY_DAYS / 30)
    before = -random.integers(1, HISTORY_DAYS, rates.shape, dtype=np.int16)
    days[:, :, 0] = np.where(past, before, NEVER)
    for step in timeline.steps:
        happens = random.random(rates.shape, np.float32) < rates * step.share_of_month
        within = random.integers(step.first_day, step.end_day, rates.shape, dtype=np.int16)
        days[:, :, 1 + step.index] = np.where(happens, within, NEVER)
    for event in ONCE:
        _keep_first(days, LIFE_EVENTS.index(event))
    return days


def days_of(days: EventDays, event: str) -> EventDays:
    """The days of one life event: int16[customers, 1 + steps]."""
    return days[:, EVENTS.index(event), :]


def first_day_of(days: EventDays, event: str, *, already: Flags) -> EventDays:
    """The day of a once-only event; LONG_AGO where it is over, NEVER where it never comes."""
    return np.where(already, LONG_AGO, days_of(days, event).min(axis=1)).astype(np.int16)


def known_until(days: EventDays, step: Step) -> EventDays:
    """Latest occurrence before the step, and the one in it: int16[customers, events, 2]."""
    past = days[:, :, : 1 + step.index]
    latest = np.where(past == NEVER, LONG_AGO, past).max(axis=2)
    return np.stack([np.where(latest == LONG_AGO, NEVER, latest), days[:, :, 1 + step.index]], 2)


def _monthly_rates(population: Population, leaning: NDArray[np.float32]) -> NDArray[np.float32]:
    age = population.age
    possible = {
        "salary_start": ~population.is_salaried & ~population.is_retired & (age > 19) & (age < 52),
        "large_inbound": age > 18,
        "rent_start": ~population.is_renting & (age > 20) & (age < 55),
        "travel": age > 17,
        "child": (age > 23) & (age < 43),
        "retirement": ~population.is_retired & (age > 54),
    }
    wanderlust = np.exp(0.4 * population.traits[:, 3] + 0.2 * population.income_level)
    scale = {"travel": wanderlust}
    columns = [
        possible[event] * MONTHLY_RATE[event] * scale.get(event, np.float32(1))
        for event in LIFE_EVENTS
    ]
    interest = INTEREST_RATE * np.exp(np.clip(leaning, -2.5, 2.0))
    assert interest.shape[1] == len(INTERESTS)
    rates = np.concatenate([np.stack(columns, axis=1), interest], axis=1)
    return np.asarray(np.clip(rates, 0.0, 0.45), np.float32)


def _keep_first(days: EventDays, event: int) -> None:
    """Leave only the first occurrence of an event that happens once in a life."""
    first = days[:, event, :].min(axis=1, keepdims=True)
    days[:, event, :] = np.where(days[:, event, :] == first, days[:, event, :], NEVER)
