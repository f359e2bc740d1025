"""Months of holdings that are missing or thin: what is learned and measured beside them is less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from training.tables.store import TableStore


def snapshot_gaps(store: TableStore) -> str | None:
    """One line that names the months without a snapshot between the first and the last, and those
    with less than half the customers of their neighbours; None where there are neither.
    """
    counted = store.scan("holdings").group_by("snapshot_on").agg(pl.len()).collect()
    return gaps_among(dict(counted.sort("snapshot_on").iter_rows()))


def gaps_among(customers: Mapping[date, int]) -> str | None:
    """The same of customers by snapshot, in order of time."""
    days = list(customers)
    thin = [
        f"{day:%Y-%m} ({customers[day]:,} customers)"
        for place, day in enumerate(days)
        if _is_thin(customers[day], [customers[d] for d in _neighbours(days, place)])
    ]
    missing = _missing(days)
    told = [f"no snapshot in {', '.join(missing)}"] if missing else []
    if thin:
        told.append(f"less than half the customers of the months beside it in {', '.join(thin)}")
    if not told:
        return None
    return (
        f"holdings: {'; '.join(told)}: what was added in those months, or right after, is lost or"
        " little"
    )


def _missing(days: Sequence[date]) -> list[str]:
    """None where most months are: then the bank takes no monthly snapshots."""
    months = {_number(day) for day in days}
    between = range(min(months), max(months)) if months else range(0)
    if 2 * len(months) <= len(between):
        return []
    return [f"{m // 12}-{m % 12 + 1:02d}" for m in between if m not in months]


def _neighbours(days: Sequence[date], place: int) -> Sequence[date]:
    return [*days[max(place - 1, 0) : place], *days[place + 1 : place + 2]]


def _is_thin(count: int, beside: Sequence[int]) -> bool:
    return bool(beside) and all(2 * count < other for other in beside)


def _number(day: date) -> int:
    return day.year * 12 + day.month - 1
