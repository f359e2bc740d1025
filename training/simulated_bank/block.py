"""One block of customers lived month by month; blocks share parameters but no randomness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from training.simulated_bank import customer_rows
from training.simulated_bank.consents import draw_consents
from training.simulated_bank.contacts import Columns, Customers, Month, seconds_of, show_offers
from training.simulated_bank.events import month_events
from training.simulated_bank.ledger import NOT_OPEN, DayMatrix, Ledger
from training.simulated_bank.life_events import draw_event_days, known_until
from training.simulated_bank.livelihood import Livelihood
from training.simulated_bank.logging_policy import choose_places
from training.simulated_bank.outcomes import answers
from training.simulated_bank.population import Flags, draw_population
from training.simulated_bank.randomness import stream
from training.simulated_bank.tastes import (
    eligible,
    group_leaning,
    initial_holdings,
    static_utility,
)
from training.simulated_bank.timeline import Step, Timeline
from training.simulated_bank.transactions import month_transactions
from training.simulated_bank.truth import Matrix, ResponseFunction


@dataclass(frozen=True)
class BlockMonth:
    """What one step brought: facts as columns, holdings at its end, and the true probabilities."""

    transactions: Columns
    events: Columns
    contacts: Columns
    customers: pl.DataFrame
    held: Flags
    is_member: Flags
    addition_probability: Matrix


class Block:
    """`count` customers numbered from `first`; `advance` must be called once per step, in order."""

    def __init__(
        self, seed: int, number: int, response: ResponseFunction, timeline: Timeline, size: range
    ) -> None:
        self._seed, self._number = seed, number
        self._response, self._timeline = response, timeline
        days = timeline.steps[-1].end_day
        people = draw_population(self._stream("population"), size.start, len(size), days)
        self.people = people
        self.static = static_utility(people, response)
        self.permitted = eligible(people)
        leaning = group_leaning(self.static)
        self.event_days = draw_event_days(self._stream("events"), people, timeline, leaning)
        self.livelihood = Livelihood.of(people, self.event_days)
        self.consents = draw_consents(self._stream("consents"), people.joined_day, days)
        held = initial_holdings(self._stream("holdings"), people, self.static)
        self.ledger = Ledger.opening(self._stream("openings"), held, people.joined_day)
        self._customers = Customers.never_contacted(people, self.consents, self.permitted)
        self.held_at_start = [held]

    def first_rows(self) -> pl.DataFrame:
        """The customers table's first row of each customer of the block."""
        return customer_rows.first_rows(self.people, self.livelihood, self._timeline)

    def advance(self, step: Step) -> BlockMonth:
        """Live through one step."""
        held_before = self.ledger.held
        month = self._month(step, held_before)
        organic = self._open_unprompted(step, month)
        contacts = self._contacts(step, month)
        events = month_events(self._stream("views", step), self.people, month, self._response)
        transactions = month_transactions(
            self._stream("transactions", step),
            self.people,
            self.livelihood,
            step,
            held_before,
            month.event_days,
        )
        self.ledger.open(month.opened_day)
        self.ledger.close_some(
            self._stream("closings", step), held_before & month.is_member[:, None], step
        )
        self.held_at_start.append(self.ledger.held)
        addition = 1 - (1 - organic) * np.exp(month.log_not_prompted)
        addition[~month.is_member] = np.nan
        return BlockMonth(
            transactions=transactions,
            events=events,
            contacts=contacts,
            customers=customer_rows.changed_rows(
                self._stream("changes", step), self.people, self.livelihood, self._timeline, step
            ),
            held=self.ledger.held,
            is_member=self.people.joined_day < step.end_day,
            addition_probability=addition.astype(np.float32),
        )

    def _stream(self, purpose: str, step: Step | None = None) -> np.random.Generator:
        name = purpose if step is None else f"{purpose}/{step.index}"
        return stream(self._seed, self._number, name)

    def _month(self, step: Step, held_before: Flags) -> Month:
        return Month(
            step=step,
            lasting=self._response.lasting(self.static, held_before, step.month),
            event_days=known_until(self.event_days, step),
            held_before=held_before,
            is_member=self.people.joined_day < step.first_day,
            opened_day=np.full(held_before.shape, NOT_OPEN, np.int32),
            log_not_prompted=np.zeros(held_before.shape, np.float32),
        )

    def _open_unprompted(self, step: Step, month: Month) -> Matrix:
        """Openings of the customer's own accord, decided by the situation when the step begins."""
        random = self._stream("unprompted", step)
        first = np.full(len(self.people), step.first_day, np.float32)
        past = month.event_days[:, :, :1]
        utility = month.lasting + self._response.event_utility(past, first)
        at_risk = self.permitted & ~month.held_before & month.is_member[:, None]
        chance = self._response.organic_probability(utility, step) * at_risk
        opens = random.random(chance.shape, np.float32) < chance
        day = random.integers(step.first_day, step.end_day, chance.shape, dtype=np.int32)
        month.opened_day = np.where(opens, day, month.opened_day).astype(np.int32)
        return chance

    def _contacts(self, step: Step, month: Month) -> Columns:
        random = self._stream("offers", step)
        contacts = show_offers(random, self._customers, month, self._response)
        contacts["second"] = seconds_of(contacts["day"].astype(np.float64))
        contacts["placement"] = choose_places(random, contacts["channel"].astype(np.int64))
        return contacts | answers(random, contacts, step.end_day * 86_400 - 1)

    def periods(self) -> DayMatrix:
        """All holding periods of the block; the first column is the row within the block."""
        return self.ledger.periods()
