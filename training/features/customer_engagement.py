"""Engagement features: events per week and channel, products viewed and asked about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from feature_repo.contract import CHANNELS
from training.features.calendar import Calendar
from training.features.day_tally import DayTally
from training.features.fact_timeline import FactTimeline, codes_of, in_order_of
from training.features.view_writer import ViewRows

VIEWED = "bank.product.viewed"
ENQUIRY_SUFFIX = ".enquiry"


def rows(events: pl.LazyFrame, calendar: Calendar, vocabulary: Sequence[str]) -> Iterator[ViewRows]:
    """Rows at every calendar date for the customers with an event so far."""
    columns = ("event_id", "customer_id", "type", "channel", "product_id")
    facts = in_order_of(events.select("occurred_at", *columns).collect(), "occurred_at", *columns)
    customers = facts["customer_id"].unique().sort().to_list()
    timeline = FactTimeline(facts, "occurred_at", calendar, customers)
    products = codes_of(facts["product_id"], vocabulary)
    kinds = {
        "channel": codes_of(facts["channel"], CHANNELS),
        "viewed": np.where((facts["type"] == VIEWED).to_numpy(), products, -1),
        "enquired": np.where(facts["type"].str.ends_with(ENQUIRY_SUFFIX).to_numpy(), products, -1),
    }
    widths = {"channel": len(CHANNELS), "viewed": len(vocabulary), "enquired": len(vocabulary)}
    tallies = {name: DayTally(len(customers), width) for name, width in widths.items()}
    for position in range(len(calendar.dates)):
        fresh = timeline.fresh(position)
        for name, tally in tallies.items():
            tally.add(timeline.codes[fresh], kinds[name][fresh], timeline.days[fresh])
        if position in calendar.written:
            values = {
                "events_by_week": timeline.weekly(position),
                "events_by_channel": tallies["channel"].count,
                "event_day_by_channel": tallies["channel"].last,
                "viewed_day": tallies["viewed"].last,
                "viewed_count": tallies["viewed"].count,
                "enquired_day": tallies["enquired"].last,
            }
            yield timeline.rows_at(position, values, "event_week")
