"""Builds the history of every feature view from the canonical tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date

import polars as pl

from feature_repo.contract import VIEWS
from feature_repo.views import source_path
from model_registry.home import BankIdentity, Home
from training.affinity import AffinityConfig
from training.features import (
    built,
    contact_history,
    customer_engagement,
    customer_profile,
    customer_transactions,
    product_affinity,
    product_holdings,
)
from training.features.bucketed_facts import BucketedFacts
from training.features.calendar import Calendar
from training.features.customer_bucket import BUCKET_CUSTOMERS, buckets
from training.features.view_writer import ViewRows, ViewWriter
from training.progress import Progress, silent
from training.tables.store import TableStore

_Builder = Callable[[Sequence[pl.LazyFrame]], Iterator[ViewRows]]
"""The facts bucket by bucket to the rows of a view, with one bucket in memory at a time."""


def build_features(
    home: Home,
    *,
    progress: Progress = silent,
    since: date | None = None,
    bucket_customers: int = BUCKET_CUSTOMERS,
) -> None:
    """Replace the history of every view; rows before `since` are not needed and not written;
    such a part of the history is not recorded as built.

    Every row holds only facts known at its instant; equal tables give equal files, however ordered.
    Memory holds the facts of one bucket of customers, however many there are.
    """
    bank, tables = home.bank(), TableStore(home)
    built.forget(home)
    customers = tables.scan("customers").select(pl.col("customer_id").unique()).collect()
    chosen = buckets(customers.to_series(), bucket_customers)
    with BucketedFacts(tables, chosen, home.features / ".buckets") as facts:
        for done, view in enumerate(VIEWS):
            progress("features", done, len(VIEWS))
            build = _builder(view.name, bank, since)
            path, written = source_path(home.features, view.name), 0
            with ViewWriter(path, view.name, len(bank.product_vocabulary)) as writer:
                for rows in build(facts.of(view.source_table)):
                    writer.write(rows)
                    written += len(rows.customer_ids)
                    progress(f"rows of {view.name}", written, None)
    if since is None:
        built.record(home)
    progress("features", len(VIEWS), len(VIEWS))


def _builder(view: str, bank: BankIdentity, since: date | None) -> _Builder:
    snapshots, dates = Calendar.of_snapshots(bank, since), Calendar.of_facts(bank, since)
    vocabulary = bank.product_vocabulary
    if view == "product_affinity":
        # Fitted on all customers: this view looks at every bucket twice.
        return lambda parts: product_affinity.rows(parts, bank, snapshots, AffinityConfig())
    builders: dict[str, Callable[[pl.LazyFrame], Iterator[ViewRows]]] = {
        "customer_profile": lambda facts: customer_profile.rows(facts, dates),
        "product_holdings": lambda facts: product_holdings.rows(facts, snapshots, vocabulary),
        "customer_transactions": lambda facts: customer_transactions.rows(facts, dates),
        "customer_engagement": lambda facts: customer_engagement.rows(facts, dates, vocabulary),
        "contact_history": lambda facts: contact_history.rows(facts, dates, vocabulary),
    }
    build = builders[view]
    return lambda parts: (rows for part in parts for rows in build(part))
