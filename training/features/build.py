"""Builds the history of every feature view from the canonical tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from training.features.calendar import Calendar
from training.features.customer_bucket import BUCKET_CUSTOMERS, CustomerBucket, buckets
from training.features.view_writer import ViewRows, ViewWriter
from training.progress import Progress, silent
from training.tables.store import TableStore

_Builder = Callable[[pl.LazyFrame], Iterator[ViewRows]]


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
    """
    bank, tables = home.bank(), TableStore(home)
    built.forget(home)
    customers = tables.scan("customers").select("customer_id").collect().to_series()
    chosen = buckets(customers, bucket_customers)
    for done, view in enumerate(VIEWS):
        progress("features", done, len(VIEWS))
        facts = tables.scan(view.source_table)
        build = _builder(view.name, bank, since)
        # Affinity is fitted on all customers at once, the other views look at one at a time.
        parts = [CustomerBucket(None, None)] if view.name == "product_affinity" else chosen
        path = source_path(home.features, view.name)
        with ViewWriter(path, view.name, len(bank.product_vocabulary)) as writer:
            for bucket in parts:
                for rows in build(bucket.select(facts)):
                    writer.write(rows)
    if since is None:
        built.record(home)
    progress("features", len(VIEWS), len(VIEWS))


def _builder(view: str, bank: BankIdentity, since: date | None) -> _Builder:
    snapshots, dates = Calendar.of_snapshots(bank, since), Calendar.of_facts(bank, since)
    vocabulary = bank.product_vocabulary
    builders: dict[str, _Builder] = {
        "customer_profile": lambda facts: customer_profile.rows(facts, dates),
        "product_holdings": lambda facts: product_holdings.rows(facts, snapshots, vocabulary),
        "customer_transactions": lambda facts: customer_transactions.rows(facts, dates),
        "customer_engagement": lambda facts: customer_engagement.rows(facts, dates, vocabulary),
        "contact_history": lambda facts: contact_history.rows(facts, dates, vocabulary),
        "product_affinity": lambda facts: product_affinity.rows(
            facts, bank, snapshots, AffinityConfig()
        ),
    }
    return builders[view]
