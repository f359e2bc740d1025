"""The engine without its service: an edition of the benchmark's bank, and customers to decide
for as one read of the store would bring them.
"""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.bank_shape import CHANNEL, PLACEMENT, PRODUCTS, SLATE, offer_product
from benchmarks.bank_shape import GROUPS as GROUP_OF
from benchmarks.bench_catalogue import write_catalogue
from benchmarks.bench_values import drawn_features
from feature_repo.contact_layout import (
    ENTRY,
    ContactEvent,
    Entries,
    decision_key,
    name_key,
    placement_key,
)
from feature_repo.contract import CHANNELS
from feature_repo.raw_features import FLOAT_FEATURES, RawFeatures, RowFeatures, row_places
from model_registry.home import Home
from service.adapters.catalogue_files import CatalogueFiles
from service.adapters.model_releases import ModelReleases
from service.domain.consent import NOTHING_RECORDED
from service.domain.situation import Ask, Placement
from service.ports import CustomerRecord
from service.use_cases.edition import Edition, compose_edition
from training.features.calendar import day_number

ASK = Ask(CHANNEL, (Placement(PLACEMENT, SLATE),), "en", trigger="login")
CONTACTS = 20
HISTORY_DAYS = 120.0
EVENTS = (
    *(ContactEvent.DECISION, ContactEvent.IMPRESSION) * 8,
    *(ContactEvent.CLICK, ContactEvent.CLICK, ContactEvent.ACCEPT),
)
"""What she was told and did after an old rejection, whose cooldown has ended."""


def bench_edition(home: Home, offers: int, *, prefers_compiled: bool) -> tuple[Edition, str]:
    """The promoted bundle with a catalogue of so many offers, and which ranker scores."""
    identity = home.bank()
    releases = ModelReleases(home, identity, prefers_compiled=prefers_compiled, tries_first=False)
    opened = releases.open_champion()
    with tempfile.TemporaryDirectory() as folder:
        write_catalogue(Path(folder), offers)
        catalogue = CatalogueFiles(
            Path(folder),
            bank=identity.bank,
            product_vocabulary=PRODUCTS,
            currency=identity.currency,
        ).load()
    return compose_edition(catalogue, opened.release, PRODUCTS), opened.ranker


def drawn_records(count: int, as_of: datetime, offers: int) -> list[CustomerRecord]:
    """Customers nobody simulated, each with a typical contact history."""
    day = day_number((as_of - timedelta(days=1)).date())
    rng = np.random.default_rng(3)
    return [
        CustomerRecord(
            reachable=True,
            is_loaded=True,
            features=_as_read(drawn_features(1, len(PRODUCTS), day=day, seed=(number,))),
            consents=NOTHING_RECORDED,
            contacts=_history(as_of.timestamp(), offers, rng),
        )
        for number in range(count)
    ]


def _as_read(drawn: RawFeatures) -> RowFeatures:
    """One row in contract order, as the store's bytes are decoded to."""
    row = drawn.block(*(feature.name for feature in FLOAT_FEATURES))
    return RowFeatures.of(row, row_places(len(PRODUCTS)), drawn.categories, drawn.event_days)


def _history(now: float, offers: int, rng: np.random.Generator) -> Entries:
    ages = np.sort(rng.uniform(0.1, HISTORY_DAYS * 0.7, CONTACTS - 1))[::-1]
    told = zip([HISTORY_DAYS, *ages], (ContactEvent.REJECT, *EVENTS), strict=True)
    return np.array(
        [_entry(now - 86_400.0 * age, event, int(rng.integers(offers))) for age, event in told],
        dtype=ENTRY,
    )


def _entry(at: float, event: ContactEvent, number: int) -> tuple[float | int, ...]:
    group = GROUP_OF[offer_product(number)]
    names = name_key(f"offer_{number:03d}"), name_key(group), name_key(group)
    place = placement_key(CHANNEL, PLACEMENT), CHANNELS.index(CHANNEL)
    return (at, 0.0, decision_key(str(at)), *names, *place, int(event), 0, 1)
