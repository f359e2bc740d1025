"""The canonical tables by name; `docs/tables.md` describes them for a bank bringing its own."""

from __future__ import annotations

from training.tables.activity_tables import (
    CONSENTS,
    CONTACTS,
    EVENTS,
    TRANSACTIONS,
    UNREADABLE_CONSENTS,
)
from training.tables.bank_tables import CUSTOMERS, HOLDING_PERIODS, HOLDINGS, PRODUCTS
from training.tables.canonical_table import CanonicalTable

TABLES: dict[str, CanonicalTable] = {
    table.name: table
    for table in (
        CUSTOMERS,
        PRODUCTS,
        HOLDINGS,
        HOLDING_PERIODS,
        TRANSACTIONS,
        EVENTS,
        CONTACTS,
        CONSENTS,
        UNREADABLE_CONSENTS,
    )
}
