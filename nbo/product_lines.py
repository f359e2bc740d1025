"""What the model sees of each product, one line per product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbo.feature_values import number

HEAD = (
    "product",
    "held",
    "added",
    "dropped",
    "viewed",
    "enquired",
    "offered",
    "accepted",
    "rejected",
    "affinity",
    "popularity",
    "transition",
)
_STATES = {0.0: "□", 1.0: "■", None: "?"}


def product_lines(shown: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """A row per product of the vocabulary, in its order."""
    columns = shown["product_columns"]
    return [_line(name, columns[name], shown["customer_columns"]) for name in columns]


def _line(name: str, of: Mapping[str, Any], customer: Mapping[str, Any]) -> tuple[str, ...]:
    lags = (customer[f"held_{name}"], of["held_lag1"], of["held_lag2"], of["held_lag3"])
    return (
        name,
        "".join(_STATES.get(state, "?") for state in lags),
        _ago(of["months_since_added"], "mo", of["added_count"]),
        _ago(of["months_since_dropped"], "mo"),
        _ago(of["days_since_viewed"], "d", of["viewed_count"]),
        _ago(of["days_since_enquired"], "d"),
        _ago(of["days_since_shown"], "d", of["shown_count"]),
        _ago(of["days_since_accepted"], "d"),
        _ago(of["days_since_rejected"], "d"),
        "–" if of["affinity"] is None else f"{of['affinity']:.2f}",
        _percent(of["popularity"]),
        _percent(of["transition"]),
    )


def _ago(since: float | None, unit: str, times: float | None = None) -> str:
    """`12 d ×3`: how long ago the last of how many; empty where there was none."""
    if since is None:
        return ""
    return f"{number(since)} {unit}" + (f" ×{number(times)}" if times and times > 1 else "")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f} %"
