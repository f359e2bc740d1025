"""Past offers: shown one after another, each answered by the hidden response function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.simulated_bank import logging_policy
from training.simulated_bank.consents import ConsentState
from training.simulated_bank.ledger import DayMatrix
from training.simulated_bank.population import Flags, Population
from training.simulated_bank.products import PRODUCTS
from training.simulated_bank.randomness import choose_each
from training.simulated_bank.timeline import Step
from training.simulated_bank.truth import Matrix, ResponseFunction

MOST_OFFERS = 6
HISTORY = 16
FIRST_HOUR, HOURS = 8, 12
_PARTNERED = np.array([product.third_party for product in PRODUCTS])


@dataclass
class Customers:
    """Everything about one block of customers that a month's offers depend on."""

    people: Population
    consents: ConsentState
    permitted: Flags
    shown_day: Matrix
    shown_product: NDArray[np.int8]

    @classmethod
    def never_contacted(
        cls, people: Population, consents: ConsentState, permitted: Flags
    ) -> Customers:
        """The block before the first offer."""
        shape = (len(people), HISTORY)
        return cls(
            people, consents, permitted, np.full(shape, -1e6, np.float32), np.zeros(shape, np.int8)
        )

    def remember(self, rows: NDArray[np.intp], day: Matrix, product: NDArray[np.intp]) -> None:
        """Note an offer as the latest one shown."""
        self.shown_day[rows] = np.roll(self.shown_day[rows], 1, axis=1)
        self.shown_product[rows] = np.roll(self.shown_product[rows], 1, axis=1)
        self.shown_day[rows, 0] = day
        self.shown_product[rows, 0] = product

    def weariness(self, rows: NDArray[np.intp], day: Matrix) -> tuple[Matrix, Matrix, Matrix]:
        """Offers shown in the last 7 and 28 days, and in 28 days per product."""
        since = day[:, None] - self.shown_day[rows]
        recent = (since <= 28).astype(np.float32)
        same = np.zeros((len(rows), len(PRODUCTS)), np.float32)
        for slot in range(HISTORY):
            same[np.arange(len(rows)), self.shown_product[rows, slot]] += recent[:, slot]
        return (since <= 7).sum(axis=1).astype(np.float32), recent.sum(axis=1), same


@dataclass
class Month:
    """The utilities of one step, its openings so far and the hazard of prompted ones."""

    step: Step
    lasting: Matrix
    event_days: NDArray[np.int16]
    held_before: Flags
    is_member: Flags
    opened_day: DayMatrix
    log_not_prompted: Matrix


Columns = dict[str, NDArray[np.generic]]


def show_offers(
    random: np.random.Generator, customers: Customers, month: Month, response: ResponseFunction
) -> Columns:
    """Show the month's offers in order of time; `month` receives what they open."""
    day = _moments(random, customers.people, month)
    scores = logging_policy.offer_scores()
    shown: list[Columns] = []
    for turn in range(MOST_OFFERS):
        rows = np.flatnonzero(np.isfinite(day[:, turn]))
        shown.append(
            _one_round(random, customers, month, response, (rows, day[rows, turn], scores))
        )
    return {name: np.concatenate([part[name] for part in shown]) for name in shown[0]}


def _moments(random: np.random.Generator, people: Population, month: Month) -> Matrix:
    """Sorted times of each customer's offers, as day numbers with fractions; NaN = no more."""
    busy = 2 + random.binomial(4, 0.5, len(people))
    count = np.where(people.is_active, busy, random.binomial(2, 0.35, len(people)))
    partial = min(month.step.share_of_month / 0.9, 1.0)
    count = np.where(month.is_member, random.binomial(count, partial), 0)
    within = random.random((len(people), MOST_OFFERS), np.float32) * month.step.days
    within[np.arange(MOST_OFFERS) >= count[:, None]] = np.nan
    latest = np.float32(month.step.end_day - 1 / 64)
    times = np.sort(within, axis=1) + np.float32(month.step.first_day)
    return np.asarray(np.minimum(times, latest))


def _one_round(
    random: np.random.Generator,
    customers: Customers,
    month: Month,
    response: ResponseFunction,
    turn: tuple[NDArray[np.intp], Matrix, Matrix],
) -> Columns:
    rows, day, scores = turn
    people, consents = customers.people.rows(rows), customers.consents.rows(rows)
    today = np.floor(day)
    weights = logging_policy.channel_weights(people.preferred_channel, consents, today)
    channel = choose_each(random, weights)
    offerable = customers.permitted[rows] & ~month.held_before[rows]
    offerable &= ~_PARTNERED | consents.permits_third_party(today)[:, None]
    offerable &= (weights.sum(axis=1) > 0)[:, None]
    score = scores[people.segment] * consents.permits_personalisation(today)[:, None]
    candidates = offerable & (month.opened_day[rows] > today[:, None])
    chance = logging_policy.offer_probabilities(score, candidates)
    weary = customers.weariness(rows, today)
    utility = month.lasting[rows] + response.event_utility(month.event_days[rows], today)
    utility += response.payday_utility(people.payday, today, month.step)
    utility += response.channel_utility(channel, people.preferred_channel)
    utility += response.fatigue_utility(*weary)
    acceptance = response.acceptance_probability(utility)
    # The truth must not learn from the month's own openings: as if nothing had been opened yet.
    unbiased_chance = logging_policy.offer_probabilities(score, offerable)
    month.log_not_prompted[rows] += np.log1p(-unbiased_chance * acceptance)
    product = choose_each(random, chance)
    take = (np.arange(len(rows)), product)
    shown = chance[take] > 0
    accepted = shown & (random.random(len(rows)) < acceptance[take])
    opened = month.opened_day[rows[accepted], product[accepted]]
    month.opened_day[rows[accepted], product[accepted]] = np.minimum(
        opened, today[accepted].astype(np.int32)
    )
    customers.remember(rows[shown], today[shown], product[shown])
    return {
        "row": rows[shown],
        "day": day[shown].astype(np.float64),
        "product": product[shown],
        "channel": channel[shown],
        "probability": chance[take][shown].astype(np.float64),
        "acceptance": acceptance[take][shown],
        "weariness": weary[0][shown],
        "accepted": accepted[shown],
    }


def seconds_of(day: NDArray[np.float64]) -> NDArray[np.int64]:
    """Local seconds since the first midnight, office hours only, in the same order as `day`."""
    whole = np.floor(day)
    return ((whole * 24 + FIRST_HOUR + (day - whole) * HOURS) * 3600).astype(np.int64)
