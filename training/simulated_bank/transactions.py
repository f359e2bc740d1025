"""Bookings of one month: regular payments that follow from lives, and everyday spending."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from training.simulated_bank.effects import EVENTS
from training.simulated_bank.life_events import NEVER
from training.simulated_bank.livelihood import Livelihood, due_day
from training.simulated_bank.population import Flags, Ints, Population
from training.simulated_bank.products import PRODUCTS, VOCABULARY
from training.simulated_bank.randomness import choose
from training.simulated_bank.timeline import Step

Columns = dict[str, NDArray[np.generic]]
Numbers = NDArray[np.number]
Payment = tuple[str, Flags, Ints, NDArray[np.floating]]

FEWEST, TYPICAL, MOST = 30, 43, 60
PASSIVE_TYPICAL = 6
FIRST_HOUR, HOURS = 8, 15.5
TRIP_DAYS = (0, 3, 6, 9, 12)
EVERYDAY: dict[str, tuple[float, float]] = {
    "groceries": (9.0, 95),
    "dining": (7.0, 70),
    "utilities": (1.6, 160),
    "card": (5.0, 140),
    "cash": (1.5, 500),
    "transfer_out": (2.2, 600),
    "transfer_in": (1.2, -500),
    "health": (0.9, 180),
    "education": (0.7, 400),
    "travel": (0.25, 300),
    "fees": (0.4, 12),
    "other": (1.2, 90),
}
CATEGORIES = (
    *EVERYDAY,
    "salary",
    "pension",
    "rent",
    "childcare",
    "investment",
    "insurance",
    "loan_payment",
)
LOANS = ("consumer_loan", "car_loan", "renovation_loan", "mortgage")
PREMIUMS = ("home_insurance", "life_insurance", "health_insurance", "education_plan")
_INVESTMENTS = np.array([product.group in ("deposits", "wealth", "funds") for product in PRODUCTS])
_TASTE = np.array([[1, -1, 0, 2, 0, 1, -1, 0, 1, 2, 0, 0], [-1, 2, 0, 1, -1, 0, 1, -1, 1, 1, 0, 0]])
_WEIGHTS = np.array([weight for weight, _ in EVERYDAY.values()])
_MEDIANS = np.array([median for _, median in EVERYDAY.values()])


def month_transactions(
    random: np.random.Generator,
    people: Population,
    livelihood: Livelihood,
    step: Step,
    held: Flags,
    known_events: NDArray[np.int16],
) -> Columns:
    """Columns row, second (local, since the first midnight), amount and category code."""
    rows: list[Numbers] = []
    days: list[Numbers] = []
    amounts: list[Numbers] = []
    codes: list[Numbers] = []
    payments = (*_income(people, livelihood, step), *_outgoings(people, livelihood, step, held))
    for category, mask, day, amount in (*payments, *_event_payments(people, known_events)):
        within = (day >= np.maximum(step.first_day, people.joined_day)) & (day < step.end_day)
        chosen = np.flatnonzero(mask & within)
        noise = np.exp(0.03 * random.standard_normal(len(chosen)))
        rows.append(chosen)
        days.append(day[chosen])
        amounts.append(amount[chosen] * noise)
        codes.append(np.full(len(chosen), CATEGORIES.index(category)))
    regular = np.bincount(np.concatenate(rows), minlength=len(people))
    spender = np.repeat(np.arange(len(people)), _everyday_count(random, people, step, regular))
    taste = _WEIGHTS * np.exp(0.3 * people.traits[:, 3:5] @ _TASTE)
    code = choose(random, taste, spender)
    rows.append(spender)
    codes.append(code)
    days.append(_random_days(random, people.joined_day[spender], step))
    amounts.append(_everyday_amounts(random, people.income[spender], code))
    day = np.concatenate(days).astype(np.int64)
    clock = ((FIRST_HOUR + HOURS * random.random(len(day))) * 3600).astype(np.int64)
    return {
        "row": np.concatenate(rows),
        "second": day * 86_400 + clock,
        "amount": np.round(np.concatenate(amounts), 2),
        "category": np.concatenate(codes).astype(np.uint8),
    }


def _income(people: Population, livelihood: Livelihood, step: Step) -> Iterator[Payment]:
    payday = due_day(livelihood.salary_from, people.payday, step)
    yield "salary", livelihood.earns(payday), payday, people.income
    pension_day = due_day(livelihood.pension_from, 15, step)
    yield "pension", livelihood.pension_from <= pension_day, pension_day, 0.5 * people.income
    support = people.is_active & (livelihood.salary_from > payday)
    support &= livelihood.pension_from > payday
    yield "transfer_in", support, payday, 0.33 * people.income


def _outgoings(
    people: Population, livelihood: Livelihood, step: Step, held: Flags
) -> Iterator[Payment]:
    def day(number: int) -> Ints:
        return np.full(len(people), step.month_start_day + number - 1, np.int32)

    rent_day = due_day(livelihood.rent_from, 5, step)
    yield "rent", livelihood.rent_from <= rent_day, rent_day, -0.25 * people.income
    care_day = due_day(livelihood.child_from, 8, step)
    yield "childcare", livelihood.child_from <= care_day, care_day, -0.05 * people.income
    yield "childcare", livelihood.child_from <= day(21), day(21), -0.03 * people.income
    for number, loan in enumerate(LOANS):
        share = 0.25 if loan == "mortgage" else 0.08
        yield (
            "loan_payment",
            held[:, VOCABULARY.index(loan)],
            day(20 + number),
            (-share * people.income),
        )
    for number, cover in enumerate(PREMIUMS):
        yield (
            "insurance",
            held[:, VOCABULARY.index(cover)],
            day(12 + number),
            (-0.02 * people.income),
        )
    after_payday = (step.month_start_day + people.payday + 1).astype(np.int32)
    yield (
        "investment",
        np.asarray(held[:, _INVESTMENTS].any(axis=1)),
        after_payday,
        -0.12 * people.income,
    )


def _event_payments(people: Population, known: NDArray[np.int16]) -> Iterator[Payment]:
    """Money that moves because of events; a trip begun last month goes on in this one."""
    inbound = known[:, EVENTS.index("large_inbound"), :].astype(np.int32)
    trip = known[:, EVENTS.index("travel"), :].astype(np.int32)
    size = 4 + np.abs(people.traits[:, 5]) * 5
    yield "transfer_in", inbound[:, 1] != NEVER, inbound[:, 1], size * people.income
    for occurrence in (0, 1):
        day = trip[:, occurrence]
        for offset in TRIP_DAYS:
            share = 0.25 if offset == 0 else 0.06
            yield "travel", day != NEVER, (day + offset).astype(np.int32), -share * people.income


def _everyday_count(
    random: np.random.Generator, people: Population, step: Step, regular: NDArray[np.integer]
) -> NDArray[np.integer]:
    """Active customers reach 30 to 60 bookings in a whole month, regular payments included."""
    busy = np.clip(random.poisson(TYPICAL, len(people)), FEWEST, MOST)
    total = np.where(people.is_active, busy, random.poisson(PASSIVE_TYPICAL, len(people)))
    present = np.clip(step.end_day - np.maximum(people.joined_day, step.first_day), 0, step.days)
    share = present / step.days * min(step.share_of_month / 0.9, 1.0)
    everyday = np.maximum(np.rint(total * share).astype(np.int64) - regular, 0)
    return np.asarray(everyday * (present > 0))


def _random_days(random: np.random.Generator, joined_day: Ints, step: Step) -> NDArray[np.int64]:
    first = np.maximum(joined_day, step.first_day)
    day = first + np.floor(random.random(len(first)) * (step.end_day - first))
    return np.asarray(day, np.int64)


def _everyday_amounts(
    random: np.random.Generator, income: NDArray[np.float64], code: NDArray[np.integer]
) -> NDArray[np.float64]:
    size = np.exp(0.6 * random.standard_normal(len(code), np.float32)) * np.sqrt(income / 8000)
    return np.asarray(-_MEDIANS[code] * size, np.float64)
