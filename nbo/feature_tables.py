"""One customer's features for people: how old, what the model sees, what it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from feature_repo.column_views import view_of_column
from feature_repo.contract import FEATURES, VIEWS, Kind
from nbo.feature_values import day, in_columns, number, seen
from nbo.output import print_facts, print_table
from nbo.product_lines import HEAD, product_lines

_SHOWN_WHOLLY = "customer_profile"
"""A 0 there says something: not active, the first category."""

Shown = Mapping[str, Mapping[str, Any]]


def show_features(shown: Shown, customer_id: str) -> None:
    """View ages, model columns by view, one line per product, then what the model never sees."""
    print(f"customer {customer_id}")
    print(_headline(shown["freshness"]))
    print_table(("view", "age", "stale after", "unused after", "state"), _ages(shown["views"]))
    print("\nWhat the model sees of the customer")
    _customer_columns(shown)
    print("\nWhat the model sees of each product")
    print_table(HEAD, product_lines(shown))
    print("held: now, then one, two, three months earlier. Days and months are since then.")
    print("\nStored, never shown to the model")
    print_facts((f"  {name}", value) for name, value in _withheld(shown["values"]))


def _headline(freshness: Mapping[str, Any]) -> str:
    """Why an answer would be degraded, and which of the bank's views have nothing of her."""
    reasons = freshness["degraded_reasons"]
    missing = [n for n in freshness["never_loaded"] if f"view_missing:{n}" not in reasons]
    first = f"degraded: {', '.join(reasons)}" if reasons else "nothing is degraded"
    if not missing:
        return first
    link = ";" if reasons else ", but"
    return f"{first}{link} never loaded, though the bank has the data: {', '.join(missing)}"


def _ages(views: Mapping[str, Any]) -> list[tuple[str, str, str, str, str]]:
    return [
        (
            name,
            "–" if view["age_days"] is None else f"{view['age_days']:.1f} days",
            f"{view['max_age_days']} days",
            f"{view['hard_age_days']} days",
            _state(view),
        )
        for name, view in views.items()
    ]


def _state(view: Mapping[str, Any]) -> str:
    age = view["age_days"]
    if age is None:
        return "never loaded"
    if age > view["hard_age_days"]:
        return "too old: unknown to the model"
    return "stale" if age > view["max_age_days"] else "fresh"


def _customer_columns(shown: Shown) -> None:
    """Per view the columns that say something; zeros and unknowns are counted."""
    columns = shown["customer_columns"]
    for view in VIEWS:
        mine = {n: v for n, v in columns.items() if view_of_column(n) == view.name}
        if not mine:
            continue
        telling = {
            name: seen(name, value, shown["values"])
            for name, value in mine.items()
            if value or (value is not None and view.name == _SHOWN_WHOLLY)
        }
        unknown = sum(value is None for value in mine.values())
        zeros = len(mine) - len(telling) - unknown
        left_out = f"; not shown: {zeros} that are 0, {unknown} unknown" if zeros + unknown else ""
        print(f"\n  {view.name}: {len(mine)} columns{left_out}")
        for line in in_columns(telling):
            print(f"    {line}")


def _withheld(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    hidden = [feature for feature in FEATURES if not feature.model_input]
    return [
        (feature.name, _stored(values[feature.name], feature.name, feature.kind))
        for feature in hidden
    ]


def _stored(value: Any, name: str, kind: Kind) -> str:
    if value is None:
        return "unknown"
    if kind is Kind.CATEGORY:
        return str(value)
    return day(value) if name.endswith("_day") else number(value)
