"""Whose consent rows could not be read, so that an older consent does not stand in their place."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from training.tables.parsing import parse
from training.tables.store import TableStore

TABLE = "unreadable_consents"
_ID = "customer_id"


class UnreadConsents:
    """Collects the customers of consent rows that went to quarantine unread."""

    def __init__(self, header: Sequence[str]) -> None:
        self._place = list(header).index(_ID)
        self._customers: set[str] = set()
        self._rows = self._nameless = 0

    def add_rows(self, rows: pl.DataFrame) -> None:
        """Rows as the file has them."""
        read = rows.select(parse(_ID, rows.schema[_ID], pl.String()))
        self._add(read.to_series().to_list())

    def add_lines(self, malformed: pl.DataFrame) -> None:
        """Lines that are no rows, as quarantined: the id is what stands in its place, if any."""
        raw = malformed["row"].str.json_path_match("$.raw").to_list()
        parts = (line.split(",") for line in raw)
        self._add([p[self._place].strip(' "') if self._place < len(p) else None for p in parts])

    def keep(self, store: TableStore) -> str | None:
        """Add the customers to the table of unreadable consents; says how many there are."""
        if not self._rows:
            return None
        known = store.scan(TABLE).collect()[_ID].to_list()
        together = sorted({*known, *self._customers})
        store.write(TABLE, pl.DataFrame({_ID: together}, schema={_ID: pl.String}))
        nameless = f"; {self._nameless} name no customer" if self._nameless else ""
        return (
            f"consents: {self._rows} row(s) could not be read{nameless}: mend them, until then "
            f"{len(self._customers)} customer(s) are denied every purpose"
        )

    def _add(self, customers: Sequence[str | None]) -> None:
        self._rows += len(customers)
        self._nameless += sum(not customer for customer in customers)
        self._customers.update(customer for customer in customers if customer)
