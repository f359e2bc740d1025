"""The tables of what happened (transactions, events, contacts, consents); all optional."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from feature_repo.contract import CHANNELS
from training.tables.canonical_table import CanonicalTable, RowRule
from training.tables.columns import IDENTIFIER, INSTANT, TEXT, column, one_of, optional

TRANSACTIONS = CanonicalTable(
    name="transactions",
    purpose="booked transactions",
    key=("transaction_id",),
    order=("occurred_at", "transaction_id"),
    fact_dates=("occurred_at",),
    schema=pa.DataFrameSchema(
        {
            "transaction_id": column(IDENTIFIER, "unique id"),
            "customer_id": column(IDENTIFIER, "the bank's id of the customer"),
            "occurred_at": column(INSTANT, "instant of booking"),
            "amount": column(pl.Float64, "in the bank's currency, + = into the account"),
            "category": column(TEXT, "category; one that is not known counts as other"),
        }
    ),
)

EVENTS = CanonicalTable(
    name="events",
    purpose="what customers did in the bank's channels",
    key=("event_id",),
    order=("occurred_at", "event_id"),
    fact_dates=("occurred_at",),
    schema=pa.DataFrameSchema(
        {
            "event_id": column(IDENTIFIER, "unique id"),
            "customer_id": column(IDENTIFIER, "the bank's id of the customer"),
            "occurred_at": column(INSTANT, "instant of the event"),
            "channel": column(TEXT, "channel it happened in"),
            "type": column(TEXT, "CloudEvents type, for example bank.product.viewed"),
            "product_id": optional(IDENTIFIER, "a product_id of products, where it concerns one"),
        }
    ),
)

CONTACTS = CanonicalTable(
    name="contacts",
    purpose="offers shown to customers, and what came of them",
    key=("contact_id",),
    order=("shown_at", "contact_id"),
    fact_dates=("shown_at", "outcome_at"),
    schema=pa.DataFrameSchema(
        {
            "contact_id": column(IDENTIFIER, "unique id"),
            "customer_id": column(IDENTIFIER, "the bank's id of the customer"),
            "offer_id": column(IDENTIFIER, "the offer shown"),
            "product_id": column(IDENTIFIER, "a product_id of products: what was offered"),
            "channel": column(TEXT, "channel it was shown in", one_of(*CHANNELS)),
            "placement": optional(TEXT, "place within the channel"),
            "shown_at": column(INSTANT, "instant it was shown"),
            "outcome": optional(
                TEXT,
                "the customer's reaction; empty = none",
                one_of("accept", "reject", "dismiss", "later", "click"),
            ),
            "outcome_at": optional(INSTANT, "instant of that reaction"),
            "reason": optional(TEXT, "reason of a rejection"),
            "logging_probability": optional(
                pl.Float64,
                "probability with which the former policy chose this offer, in (0, 1]",
                pa.Check.in_range(0, 1, include_min=False, error="must be in (0, 1]"),
            ),
        }
    ),
    row_rules=(
        RowRule(
            "outcome_at: must not lie before shown_at", pl.col("outcome_at") >= pl.col("shown_at")
        ),
    ),
)

CONSENTS = CanonicalTable(
    name="consents",
    purpose="what customers allowed or refused, and when",
    key=("customer_id", "channel", "purpose", "recorded_at"),
    order=("recorded_at", "customer_id", "channel", "purpose"),
    fact_dates=("recorded_at",),
    folded=("channel", "purpose", "status"),
    preferred=pl.col("status") == "refused",
    schema=pa.DataFrameSchema(
        {
            "customer_id": column(IDENTIFIER, "the bank's id of the customer"),
            "channel": column(TEXT, "a channel, or * for all", one_of("*", *CHANNELS)),
            "purpose": column(
                TEXT,
                "purpose",
                one_of("display", "outbound", "personalisation", "third_party"),
            ),
            "status": column(TEXT, "status", one_of("given", "refused")),
            "recorded_at": column(INSTANT, "instant of recording; the last one counts"),
        }
    ),
)

UNREADABLE_CONSENTS = CanonicalTable(
    name="unreadable_consents",
    purpose="customers of whom a consent row could not be read: they are denied every purpose",
    key=("customer_id",),
    order=("customer_id",),
    schema=pa.DataFrameSchema(
        {"customer_id": column(IDENTIFIER, "the bank's id of the customer")},
    ),
)
