"""Contact features: offers shown per week, channel and product, and how they were answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from feature_repo.contract import CHANNELS
from training.features.calendar import Calendar
from training.features.day_tally import DayTally
from training.features.fact_timeline import FactTimeline, codes_of, in_order_of
from training.features.view_writer import ViewRows


def rows(
    contacts: pl.LazyFrame, calendar: Calendar, vocabulary: Sequence[str]
) -> Iterator[ViewRows]:
    """Rows at every calendar date for the customers with an offer shown so far.

    A reaction is known from `outcome_at` on; one without that instant is known at no date.
    """
    facts = contacts.select(
        "contact_id", "customer_id", "product_id", "channel", "shown_at", "outcome", "outcome_at"
    ).collect()
    customers = facts["customer_id"].unique().sort().to_list()
    shown = FactTimeline(_by("shown_at", facts), "shown_at", calendar, customers)
    answered = FactTimeline(
        _by("outcome_at", facts.drop_nulls("outcome_at")), "outcome_at", calendar, customers
    )
    channels = codes_of(shown.facts["channel"], CHANNELS)
    products = codes_of(shown.facts["product_id"], vocabulary)
    by_channel = DayTally(len(customers), len(CHANNELS))
    by_product = DayTally(len(customers), len(vocabulary))
    answers = {
        "accepted_day": _Answers(answered, "accept", vocabulary),
        "rejected_day": _Answers(answered, "reject", vocabulary),
    }
    for position in range(len(calendar.dates)):
        fresh = shown.fresh(position)
        by_channel.add(shown.codes[fresh], channels[fresh], shown.days[fresh])
        by_product.add(shown.codes[fresh], products[fresh], shown.days[fresh])
        for answer in answers.values():
            answer.add(position)
        if position in calendar.written:
            values = {
                "offers_by_week": shown.weekly(position),
                "offers_by_channel": by_channel.count,
                "shown_day": by_product.last,
                "shown_count": by_product.count,
                **{name: answer.tally.last for name, answer in answers.items()},
            }
            yield shown.rows_at(position, values, "contact_week")


class _Answers:
    """Days of one kind of reaction, per customer and product."""

    def __init__(self, answered: FactTimeline, outcome: str, vocabulary: Sequence[str]) -> None:
        self._answered = answered
        products = codes_of(answered.facts["product_id"], vocabulary)
        self._kinds = np.where((answered.facts["outcome"] == outcome).to_numpy(), products, -1)
        self.tally = DayTally(len(answered.customers), len(vocabulary))

    def add(self, position: int) -> None:
        """Take in the reactions that became known by a calendar date."""
        fresh = self._answered.fresh(position)
        self.tally.add(self._answered.codes[fresh], self._kinds[fresh], self._answered.days[fresh])


def _by(instant: str, facts: pl.DataFrame) -> pl.DataFrame:
    return in_order_of(facts, instant, "contact_id", "customer_id", "product_id", "channel")
