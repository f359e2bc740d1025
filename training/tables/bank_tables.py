"""The tables every bank has: customers, products and what is held."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from feature_repo.contract import CHANNELS
from training.tables.canonical_table import CanonicalTable, RowRule
from training.tables.columns import (
    DAY,
    IDENTIFIER,
    TEXT,
    column,
    is_time_zone,
    one_of,
    optional,
)

CUSTOMERS = CanonicalTable(
    name="customers",
    purpose="who the customers are; several rows of one customer are its history",
    key=("customer_id", "observed_on"),
    order=("observed_on", "customer_id"),
    fact_dates=("observed_on",),
    mandatory=True,
    schema=pa.DataFrameSchema(
        {
            "customer_id": column(IDENTIFIER, "the bank's id of the customer"),
            "observed_on": column(DAY, "the row holds from this day on, until the next row"),
            "birth_date": optional(DAY, "day of birth"),
            "gender": optional(TEXT, "as the bank writes it; protected, never a model input"),
            "nationality": optional(TEXT, "country code; protected, never a model input"),
            "region": optional(TEXT, "province or city"),
            "segment": optional(TEXT, "the bank's own segment"),
            "acquisition_channel": optional(TEXT, "how the customer came to the bank"),
            "joined_on": optional(DAY, "first day as a customer"),
            "is_active": optional(pl.Boolean, "the bank counts the customer as active"),
            "is_employee": optional(pl.Boolean, "works or worked for the bank's group"),
            "income_monthly": optional(
                pl.Float64,
                "gross income a month in the bank's currency",
                pa.Check.ge(0, error="must be at least 0"),
            ),
            "risk_capacity": optional(
                pl.Int8,
                "assessed capacity to bear risk, 1 (least) to 5",
                pa.Check.in_range(1, 5, error="must be 1 to 5"),
            ),
            "risk_assessed_on": optional(DAY, "day of that assessment"),
            "investor_class": optional(
                TEXT, "investor class", one_of("retail", "professional", "institutional")
            ),
            "is_vulnerable": optional(pl.Boolean, "needs particular care; never explored on"),
            "time_zone": optional(TEXT, "IANA zone, for example Europe/Madrid", is_time_zone()),
            "preferred_channel": optional(TEXT, "channel the customer prefers", one_of(*CHANNELS)),
        }
    ),
)

PRODUCTS = CanonicalTable(
    name="products",
    purpose="what the bank sells; the order of the rows is the order of the vocabulary",
    key=("product_id",),
    order=(),
    mandatory=True,
    schema=pa.DataFrameSchema(
        {
            "product_id": column(IDENTIFIER, "the bank's id of the product"),
            "name": column(TEXT, "name in English"),
            "group": column(TEXT, "product group, for example cards or lending"),
        }
    ),
    row_rules=(
        RowRule(
            "product_id: must not contain |", ~pl.col("product_id").str.contains("|", literal=True)
        ),
    ),
)

HOLDINGS = CanonicalTable(
    name="holdings",
    purpose="monthly snapshots of what a customer holds; no row means unknown, never nothing held",
    key=("customer_id", "snapshot_on"),
    order=("snapshot_on", "customer_id"),
    fact_dates=("snapshot_on",),
    mandatory=True,
    schema=pa.DataFrameSchema(
        {
            "customer_id": column(IDENTIFIER, "the bank's id of the customer"),
            "snapshot_on": column(DAY, "day of the snapshot, one a month for the whole bank"),
            "held": column(pl.List(pl.String), "products held that day (CSV: a|b|c, empty = none)"),
            "unknown": optional(
                pl.List(pl.String), "products whose state the bank did not report (CSV: a|b)"
            ),
        }
    ),
    row_rules=(
        RowRule(
            "held: names a product that unknown names too",
            pl.col("held").list.set_intersection("unknown").list.len() == 0,
        ),
    ),
)

HOLDING_PERIODS = CanonicalTable(
    name="holding_periods",
    purpose="the other shape of holdings: from when to when; snapshots are made from it at import",
    key=("customer_id", "product_id", "opened_on"),
    order=("opened_on", "customer_id", "product_id"),
    fact_dates=("opened_on",),
    schema=pa.DataFrameSchema(
        {
            "customer_id": column(IDENTIFIER, "the bank's id of the customer"),
            "product_id": column(IDENTIFIER, "a product_id of products"),
            "opened_on": column(DAY, "first day held"),
            "closed_on": optional(DAY, "first day no longer held; empty = still held"),
        }
    ),
    row_rules=(
        RowRule(
            "closed_on: must not lie before opened_on",
            pl.col("closed_on") >= pl.col("opened_on"),
        ),
    ),
)
