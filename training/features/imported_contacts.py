"""The contacts a bank brought, as entries of its customers' contact histories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone

import numpy as np
import polars as pl
from numpy.typing import NDArray

from feature_repo.contact_layout import (
    ENTRY,
    KEPT_SECONDS,
    OPTED_OUT_SECONDS,
    ContactEvent,
    ContactReason,
    Entries,
    OfferNames,
    decision_key,
    name_key,
    placement_key,
)
from feature_repo.contract import CHANNELS
from model_registry.home import BankIdentity
from training.tables.store import TableStore

SHOWN_AS = ("offer_id", "product_id", "channel", "placement")
NAMES = ("offer", "group", "line", "placement", "channel", "is_marketing")
EVENTS = {event.name.lower(): event for event in ContactEvent}
REASONS = {reason.name.lower(): reason for reason in ContactReason}


@dataclass(frozen=True)
class ImportedContacts:
    """Reads the contacts of a home's bank; what the catalogue does not know of an offer is taken
    from its product's group.
    """

    tables: TableStore
    bank: BankIdentity
    offers: Mapping[str, OfferNames]

    def histories(self, customers: pl.Series) -> Iterator[bytes]:
        """Per customer (ascending ids, all that lie between the first and the last of these) the
        packed entries, in the order of time.
        """
        shown = self._shown(customers)
        owners = pl.DataFrame({"customer_id": customers}).with_row_index("owner")
        rows = shown.join(owners, on="customer_id", how="inner", maintain_order="left")
        entries, owner = self._entries(rows)
        order = np.lexsort((entries["event"], entries["at"], owner))
        packed = entries[order].tobytes()
        counts = np.bincount(owner, minlength=len(customers))
        ends = (np.cumsum(counts) * ENTRY.itemsize).tolist()
        yield from (packed[a:b] for a, b in zip([0, *ends], ends, strict=False))

    def _shown(self, customers: pl.Series) -> pl.DataFrame:
        customer = pl.col("customer_id")
        end = datetime.combine(self.bank.data_until, time.max, tzinfo=timezone.utc)
        shown, said = pl.col("shown_at"), pl.col("outcome")
        opted_out = shown >= end - timedelta(seconds=OPTED_OUT_SECONDS)
        opted_out &= (said == "opted_out").fill_null(value=False)
        recent = (shown >= end - timedelta(seconds=KEPT_SECONDS)) | opted_out
        between = (customer >= customers[0]) & (customer <= customers[-1])
        return self.tables.scan("contacts").filter(between & recent).collect()

    def _entries(self, rows: pl.DataFrame) -> tuple[Entries, NDArray[np.int64]]:
        """An impression per row, and the answer to it where there is one; and whose they are."""
        seen = np.zeros(len(rows), dtype=ENTRY)
        seen["at"] = _seconds(rows["shown_at"])
        digests = map(decision_key, rows["contact_id"].to_list())
        seen["decision"] = np.fromiter(digests, dtype=np.uint64, count=len(rows))
        seen["event"] = ContactEvent.IMPRESSION
        named = rows.join(
            self._named(rows), on=SHOWN_AS, how="left", nulls_equal=True, maintain_order="left"
        )
        for field in NAMES:
            seen[field] = named[f"{field}_key"].to_numpy()
        is_answered = rows["outcome"].is_in(list(EVENTS)).fill_null(value=False).to_numpy()
        answers, said = seen[is_answered], rows.filter(pl.Series(is_answered))
        answers["at"] = _seconds(said["outcome_at"].fill_null(said["shown_at"]))
        answers["event"] = _codes(said["outcome"], EVENTS, 0)
        opted_out = answers["event"] == ContactEvent.OPTED_OUT
        answers["until"] = np.where(opted_out, answers["at"] + OPTED_OUT_SECONDS, 0.0)
        answers["reason"] = _codes(said["reason"], REASONS, ContactReason.OTHER)
        owner = rows["owner"].to_numpy().astype(np.int64)
        return np.concatenate([seen, answers]), np.concatenate([owner, owner[is_answered]])

    def _named(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The keys of every offer as it was shown somewhere; few are distinct."""
        distinct = rows.select(SHOWN_AS).unique()
        keys = [self._keys(*shown) for shown in distinct.iter_rows()]
        schema = {f"{field}_key": pl.Int64 for field in NAMES}
        found = pl.DataFrame(keys, schema=schema, orient="row")
        return distinct.hstack(found)

    def _keys(
        self, offer: str, product: str, channel: str, placement: str | None
    ) -> tuple[int, ...]:
        group = self.bank.product_groups.get(product, product)
        names = self.offers.get(offer, OfferNames(group, group))
        place = placement_key(channel, placement) if placement else 0
        keys = (name_key(offer), name_key(names.group), name_key(names.line), place)
        return (*keys, CHANNELS.index(channel), int(names.is_marketing))


def _seconds(instants: pl.Series) -> NDArray[np.float64]:
    return instants.dt.epoch("us").to_numpy() / 1e6


def _codes(texts: pl.Series, codes: Mapping[str, int], other: int) -> NDArray[np.uint8]:
    """The code of every text; 0 where there is none."""
    values = texts.replace_strict(codes, default=int(other), return_dtype=pl.Int64)
    return values.fill_null(0).to_numpy().astype(np.uint8)
