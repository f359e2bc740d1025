"""A small bank as canonical tables: few customers, a month without snapshots, all tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from model_registry.home import BankIdentity, Home
from training.tables.store import TableStore

BANK = "toy"
PRODUCTS = ("account", "card", "fund", "loan")
SNAPSHOTS = tuple(date(2024, month, 28) for month in (1, 2, 3, 5, 6))
LABEL_MONTHS = (date(2024, 2, 28), date(2024, 3, 28), date(2024, 6, 28))
DATA_UNTIL = date(2024, 7, 5)
CUSTOMERS = tuple(f"c{number:02d}" for number in range(30))

Tables = dict[str, pl.DataFrame]


def toy_tables(seed: int = 7) -> Tables:
    """Random but fixed facts: the same seed gives the same bank."""
    rng = np.random.default_rng(seed)
    return {
        "customers": _customers(rng),
        "products": pl.DataFrame(
            {
                "product_id": PRODUCTS,
                "name": PRODUCTS,
                "group": ["daily", "cards", "wealth", "loans"],
            }
        ),
        "holdings": _holdings(rng),
        "transactions": _transactions(rng),
        "events": _events(rng),
        "contacts": _contacts(rng),
        "consents": _consents(rng),
    }


def install(root: Path, tables: Mapping[str, pl.DataFrame], *, bank: str = BANK) -> Home:
    """A home with these tables and their identity."""
    home = Home(root)
    store = TableStore(home)
    for name, frame in tables.items():
        store.write(name, frame)
    home.write_bank(identity(bank))
    return home


def identity(bank: str = BANK) -> BankIdentity:
    """Who the toy bank is."""
    return BankIdentity(
        bank=bank,
        source="tables",
        currency="EUR",
        product_vocabulary=list(PRODUCTS),
        product_groups=dict.fromkeys(PRODUCTS, "all"),
        snapshot_dates=list(SNAPSHOTS),
        label_months=list(LABEL_MONTHS),
        data_until=DATA_UNTIL,
        imported_at=datetime(2024, 8, 1, tzinfo=UTC),
        fingerprint="0" * 64,
        row_counts={},
        quarantined={},
    )


def instant(day: date, hour: int = 12) -> datetime:
    """An hour of a day, UTC."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def _customers(rng: np.random.Generator) -> pl.DataFrame:
    rows = [
        {
            "customer_id": customer,
            "observed_on": observed,
            "birth_date": date(1950, 1, 1) + timedelta(days=int(rng.integers(18_000))),
            "gender": str(rng.choice(["f", "m"])),
            "nationality": "es",
            "region": str(rng.choice(["north", "south"])),
            "segment": None,
            "joined_on": date(2015, 1, 1) + timedelta(days=int(rng.integers(2_000))),
            "is_active": bool(rng.integers(2)),
            "income_monthly": float(rng.integers(1_000, 9_000)),
            "risk_capacity": int(rng.integers(1, 6)),
        }
        for customer in CUSTOMERS
        for observed in (date(2024, 1, 10), date(2024, 4, 2), date(2024, 6, 3))
    ]
    return pl.DataFrame(rows, schema_overrides={"segment": pl.String, "risk_capacity": pl.Int8})


def _holdings(rng: np.random.Generator) -> pl.DataFrame:
    rows = []
    for customer in CUSTOMERS:
        held = set(rng.choice(PRODUCTS, 2))
        for snapshot in SNAPSHOTS:
            held ^= {str(rng.choice(PRODUCTS))}
            unknown = [p for p in PRODUCTS if p not in held and rng.random() < 0.1]
            if rng.random() < 0.9:
                rows.append(
                    {
                        "customer_id": customer,
                        "snapshot_on": snapshot,
                        "held": sorted(held),
                        "unknown": unknown,
                    }
                )
    return pl.DataFrame(rows, schema_overrides={"unknown": pl.List(pl.String)})


def _instants(rng: np.random.Generator, count: int) -> list[datetime]:
    seconds = rng.integers(0, 180 * 86_400, count)
    return [datetime(2024, 1, 5, tzinfo=UTC) + timedelta(seconds=int(s)) for s in seconds]


def _transactions(rng: np.random.Generator) -> pl.DataFrame:
    count = 900
    return pl.DataFrame(
        {
            "transaction_id": [f"t{i}" for i in range(count)],
            "customer_id": rng.choice(CUSTOMERS[:-3], count).tolist(),
            "occurred_at": _instants(rng, count),
            "amount": np.round(rng.normal(0, 500, count), 2),
            "category": rng.choice(["salary", "rent", "groceries", "lottery"], count).tolist(),
        }
    )


def _events(rng: np.random.Generator) -> pl.DataFrame:
    count = 300
    kinds = ["bank.product.viewed", "bank.branch.enquiry", "bank.session.started"]
    return pl.DataFrame(
        {
            "event_id": [f"e{i}" for i in range(count)],
            "customer_id": rng.choice(CUSTOMERS[:-2], count).tolist(),
            "occurred_at": _instants(rng, count),
            "channel": rng.choice(["mobile_app", "branch"], count).tolist(),
            "type": rng.choice(kinds, count).tolist(),
            "product_id": [None if i % 4 == 0 else PRODUCTS[i % 4] for i in range(count)],
        }
    )


def _contacts(rng: np.random.Generator) -> pl.DataFrame:
    count = 200
    shown = _instants(rng, count)
    outcomes = rng.choice(["accept", "reject", "none"], count).tolist()
    return pl.DataFrame(
        {
            "contact_id": [f"k{i}" for i in range(count)],
            "customer_id": rng.choice(CUSTOMERS, count).tolist(),
            "offer_id": [f"offer_{i % 4}" for i in range(count)],
            "product_id": [PRODUCTS[i % 4] for i in range(count)],
            "channel": rng.choice(["mobile_app", "call_center"], count).tolist(),
            "shown_at": shown,
            "outcome": [None if outcome == "none" else outcome for outcome in outcomes],
            "outcome_at": [
                None if outcome == "none" else at + timedelta(days=3)
                for outcome, at in zip(outcomes, shown, strict=True)
            ],
        }
    )


def _consents(rng: np.random.Generator) -> pl.DataFrame:
    count = 40
    return pl.DataFrame(
        {
            "customer_id": rng.choice(CUSTOMERS[:-5], count).tolist(),
            "channel": rng.choice(["*", "sms"], count).tolist(),
            "purpose": rng.choice(["outbound", "personalisation"], count).tolist(),
            "status": rng.choice(["given", "refused"], count).tolist(),
            "recorded_at": _instants(rng, count),
        }
    )
