"""How long and how often the benchmark measures."""

from __future__ import annotations

import msgspec


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the benchmark; every phase is measured in every round."""

    customers: int = 10_000
    rounds: int = 3
    connections: int = 32
    closed_seconds: float = 5.0
    single_seconds: float = 3.0
    open_seconds: float = 8.0
    warm_up_seconds: float = 1.0
    open_share: float = 0.5
    """Open-loop rate as a share of a closed-loop throughput."""
    busy_share: float = 0.8
    """The same where (b) is used as much as it can bear."""
    memory_customers: int = 100_000
    """Customers loaded to measure Redis bytes per customer; 0 = not measured."""


QUICK = Plan(
    customers=2_000,
    rounds=1,
    closed_seconds=2.0,
    single_seconds=1.0,
    open_seconds=2.0,
    warm_up_seconds=0.5,
    memory_customers=0,
)
"""For development: half a minute of load, figures to be taken with salt."""
