"""Which view of the contract a model column comes from."""

from __future__ import annotations

from feature_repo.column_layout import PRODUCT_CODE
from feature_repo.contract import FEATURES, TRANSACTION_CATEGORIES, VIEWS

PRODUCT_ITSELF = "the product itself"
GROUPS = (*(view.name for view in VIEWS), PRODUCT_ITSELF)
"""What columns are grouped by, in contract order."""

_VIEW_OF_FEATURE = {feature.name: feature.view for feature in FEATURES}
_DERIVED = {
    PRODUCT_CODE: PRODUCT_ITSELF,
    "age_years": "customer_profile",
    "tenure_months": "customer_profile",
    "held_count": "product_holdings",
    "months_since_any_added": "product_holdings",
    "months_since_any_dropped": "product_holdings",
    "months_since_added": "product_holdings",
    "months_since_dropped": "product_holdings",
    "days_since_large_inflow": "customer_transactions",
    "days_since_viewed": "customer_engagement",
    "days_since_enquired": "customer_engagement",
    "days_since_shown": "contact_history",
    "days_since_accepted": "contact_history",
    "days_since_rejected": "contact_history",
}
_PREFIXES = {
    "held_": "product_holdings",
    "months_since_added_": "product_holdings",
    "months_since_dropped_": "product_holdings",
    "events_": "customer_engagement",
    "days_since_event_": "customer_engagement",
    "offers_": "contact_history",
    "inflow_": "customer_transactions",
    "outflow_": "customer_transactions",
    "transactions_": "customer_transactions",
    "amount_": "customer_transactions",
    **{f"days_since_first_{name}": "customer_transactions" for name in TRANSACTION_CATEGORIES},
    **{f"days_since_last_{name}": "customer_transactions" for name in TRANSACTION_CATEGORIES},
}


def view_of_column(name: str) -> str:
    """The view's name; `KeyError` for a column of no view."""
    for known in (_DERIVED, _VIEW_OF_FEATURE):
        if name in known:
            return known[name]
    for prefix, view in _PREFIXES.items():
        if name.startswith(prefix):
            return view
    raise KeyError(f"column {name} belongs to no view: add it to column_views")
