"""What an importer reports about the tables it has written to the staging area."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Staged:
    """Facts about the staged tables that the tables themselves do not hold."""

    bank: str
    source: str
    currency: str
    rows_read: int
    repeated: dict[str, int] = field(default_factory=dict)
    set_to_unknown: dict[str, int] = field(default_factory=dict)
    unknown_customers: dict[str, int] = field(default_factory=dict)
    """By table the rows that name a customer who is not in customers."""
    notes: tuple[str, ...] = ()
    label_months: tuple[date, ...] | None = None
    """Months whose additions may be labels; None = each snapshot that has its predecessor month."""
    incomplete_month: date | None = None
    """A last snapshot taken before its month was over: never a label."""
