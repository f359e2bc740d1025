"""The terms of the feature contract: what a view and a feature are, and how long lists are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

CHANNELS = (
    "mobile_app",
    "call_center",
    "sms",
    "wechat",
    "email",
    "branch",
    "chatbot",
    "ivr",
    "partner",
)
TRANSACTION_CATEGORIES = (
    "salary",
    "pension",
    "transfer_in",
    "transfer_out",
    "rent",
    "groceries",
    "travel",
    "dining",
    "utilities",
    "childcare",
    "health",
    "education",
    "cash",
    "card",
    "fees",
    "investment",
    "insurance",
    "loan_payment",
    "other",
)
WEEKS = 13
"""Length of a weekly series: one quarter, newest week last."""


class Kind(StrEnum):
    """The shape of a feature's value."""

    NUMBER = "number"
    CATEGORY = "category"
    PER_PRODUCT = "per_product"
    PER_WEEK = "per_week"
    PER_CHANNEL = "per_channel"
    PER_CATEGORY = "per_category"
    PER_CATEGORY_AND_WEEK = "per_category_and_week"


FIXED_LENGTHS = {
    Kind.PER_WEEK: WEEKS,
    Kind.PER_CHANNEL: len(CHANNELS),
    Kind.PER_CATEGORY: len(TRANSACTION_CATEGORIES),
    Kind.PER_CATEGORY_AND_WEEK: len(TRANSACTION_CATEGORIES) * WEEKS,
}


@dataclass(frozen=True)
class View:
    """One Feast feature view: its source table, and when its values are stale or unusable."""

    name: str
    source_table: str
    owner: str
    max_age_days: int
    hard_age_days: int


@dataclass(frozen=True)
class Feature:
    """One stored value. Days are days since 1970-01-01, so nothing rots between two writes.

    `reason_code` names the reason a winner may show; `disclosed_to` who may see it (customer,
    agent, nobody).
    """

    name: str
    view: str
    kind: Kind
    meaning: str
    personal: bool = True
    protected: bool = False
    model_input: bool = True
    reason_code: str | None = None
    disclosed_to: str = "nobody"
    imputation: str = "none: unknown stays NaN"


def list_length(kind: Kind, product_count: int) -> int:
    """How many numbers a list feature of this kind holds for a bank with so many products."""
    return product_count if kind is Kind.PER_PRODUCT else FIXED_LENGTHS[kind]
