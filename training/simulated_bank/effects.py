"""Constants of the hidden response function: which fact moves which product, how much, how long."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.simulated_bank.products import GROUPS, PRODUCTS, VOCABULARY

Matrix = NDArray[np.float32]

LIFE_EVENTS: tuple[str, ...] = (
    "salary_start",
    "large_inbound",
    "rent_start",
    "travel",
    "child",
    "retirement",
)
INTERESTS: tuple[str, ...] = tuple(f"interest_{group}" for group in GROUPS)
EVENTS: tuple[str, ...] = LIFE_EVENTS + INTERESTS

DECAY_DAYS: dict[str, float] = {
    "salary_start": 70,
    "large_inbound": 35,
    "rent_start": 60,
    "travel": 25,
    "child": 150,
    "retirement": 100,
}
INTEREST_DECAY_DAYS = 30.0
INTEREST_EFFECT = 3.4

# A key is a product or a group; a product's own entry is added to its group's.
EVENT_EFFECTS: dict[str, dict[str, float]] = {
    "salary_start": {
        "payroll": 4.5,
        "cards": 1.5,
        "savings_account": 1.5,
        "direct_debit": 1.8,
        "wechat_alerts": 1.4,
        "consumer_loan": 1.5,
        "fund_money_market": 1.5,
        "standing_order": 1.5,
    },
    "large_inbound": {
        "deposits": 3.2,
        "wealth": 3.0,
        "funds": 2.2,
        "gold_account": 0.6,
        "loans": -1.5,
        "mortgage": 0.8,
    },
    "rent_start": {
        "standing_order": 3.5,
        "home_insurance": 2.5,
        "direct_debit": 2.0,
        "consumer_loan": 1.5,
        "mortgage": 1.0,
    },
    "travel": {
        "travel_insurance": 4.0,
        "fx_account": 3.0,
        "credit_card_travel": 2.8,
        "health_insurance": 1.0,
        "digital_wallet": 1.0,
    },
    "child": {
        "education_plan": 4.0,
        "life_insurance": 3.0,
        "health_insurance": 2.2,
        "mortgage": 1.8,
        "car_loan": 1.6,
        "wealth": -0.8,
    },
    "retirement": {
        "pension_payment": 5.0,
        "deposits": 2.2,
        "wealth_r1": 1.8,
        "health_insurance": 1.5,
        "loans": -1.5,
        "pension_fund": -2.0,
    },
}

# Calendar month -> key -> shift: deposits at New Year, travel before holidays, homes in spring.
SEASONS: dict[int, dict[str, float]] = {
    1: {"deposits": 0.9, "travel_insurance": 1.0, "fx_account": 0.6, "loans": -0.5},
    2: {"deposits": 0.6, "wealth": 0.5, "loans": -0.6, "insurance": -0.4},
    3: {"mortgage": 0.8, "renovation_loan": 0.8, "funds": 0.4},
    4: {"mortgage": 0.7, "renovation_loan": 0.8, "car_loan": 0.5},
    5: {"car_loan": 0.7, "credit_card_travel": 0.5, "deposits": -0.5},
    6: {"travel_insurance": 1.0, "fx_account": 0.8, "wealth": -0.5},
    7: {"travel_insurance": 1.1, "education_plan": 0.8, "deposits": -0.6},
    8: {"education_plan": 1.0, "standing_order": 0.6, "funds": -0.4},
    9: {"travel_insurance": 0.8, "mortgage": 0.6, "car_loan": 0.6},
    10: {"car_loan": 0.6, "funds": 0.5, "loans": 0.3, "travel_insurance": -0.6},
    11: {"consumer_loan": 0.9, "cards": 0.6, "digital_wallet": 0.8},
    12: {"pension_fund": 1.5, "deposits": 0.7, "insurance": 0.6},
}

# Money arrives on pay day: saving feels easy in the days after it, borrowing in the days before it.
PAYDAY_EFFECTS: dict[str, float] = {
    "deposits": 1.25,
    "wealth": 1.25,
    "funds": 1.25,
    "savings_account": 1.0,
    "loans": -1.25,
    "cards": -0.6,
    "insurance": 0.5,
}

# Holder of the first -> more or less inclined to the second.
HELD_EFFECTS: dict[str, dict[str, float]] = {
    "mortgage": {"home_insurance": 1.4, "life_insurance": 0.9, "renovation_loan": 1.2},
    "car_loan": {"direct_debit": 0.6, "life_insurance": 0.4},
    "fund_money_market": {"fund_bond": 0.7, "fund_balanced": 0.8, "wealth_r2": 0.4},
    "fund_balanced": {"fund_equity": 0.9, "wealth_r3": 0.6, "gold_account": 0.4},
    "wealth_r1": {"wealth_r2": 1.1, "deposit_12m": 0.4},
    "wealth_r2": {"wealth_r3": 1.0},
    "wealth_r3": {"wealth_r4": 1.0, "fund_equity": 0.5},
    "wealth_r4": {"wealth_r5": 1.2},
    "deposit_3m": {"deposit_12m": 1.0, "wealth_r1": 0.5},
    "deposit_12m": {"deposit_36m": 0.9, "deposit_3m": 0.4},
    "credit_card_classic": {"credit_card_gold": 0.8, "consumer_loan": 0.5, "digital_wallet": 0.5},
    "credit_card_gold": {"credit_card_classic": -1.5, "credit_card_travel": 0.7},
    "payroll": {"credit_card_classic": 0.7, "direct_debit": 0.6, "consumer_loan": 0.5},
    "debit_card": {"digital_wallet": 0.8, "wechat_alerts": 0.5},
    "consumer_loan": {"deposits": -0.8, "wealth": -0.8},
}

# Channel -> key -> how well the two go together ("" = every product).
CHANNEL_FIT: dict[str, dict[str, float]] = {
    "mobile_app": {"": 0.3, "services": 0.6, "funds": 0.4, "mortgages": -0.9, "insurance": -0.2},
    "call_center": {"": 0.3, "loans": 0.5, "insurance": 0.5, "services": 0.2, "funds": -0.4},
    "sms": {"": -0.7, "cards": 0.4, "mortgages": -1.0, "wealth": -0.7},
    "wechat": {"": 0.1, "services": 0.7, "cards": 0.3, "deposits": -0.2, "mortgages": -0.8},
    "email": {"": -0.6, "funds": 0.5, "wealth": 0.3, "services": -0.3},
    "branch": {"": 0.7, "mortgages": 1.2, "wealth": 0.9, "deposits": 0.8, "services": -0.7},
    "chatbot": {"": -0.3, "services": 0.5, "mortgages": -1.1, "wealth": -0.9},
    "ivr": {"": -1.1, "services": 0.4, "mortgages": -0.8, "wealth": -1.0},
    "partner": {"": -0.4, "insurance": 0.8, "car_loan": 0.8, "mortgages": 0.5},
}
PREFERRED_CHANNEL_EFFECT = 0.9

FATIGUE_PER_OFFER_IN_7_DAYS = 0.50
FATIGUE_PER_OFFER_IN_28_DAYS = 0.14
FATIGUE_PER_SAME_PRODUCT_IN_28_DAYS = 1.00


def row_of(effects: dict[str, float]) -> Matrix:
    """Effects named by product, group or "" (all) as one value per product of the vocabulary."""
    values = [
        effects.get("", 0.0)
        + effects.get(product.group, 0.0)
        + effects.get(product.product_id, 0.0)
        for product in PRODUCTS
    ]
    unknown = set(effects) - set(VOCABULARY) - set(GROUPS) - {""}
    if unknown:
        raise ValueError(f"effects name no product or group: {sorted(unknown)}; correct the table")
    return np.array(values, np.float32)


def event_effects() -> Matrix:
    """Effect of every event on every product on the day it happens: float32[events, products]."""
    life = [row_of(EVENT_EFFECTS[event]) for event in LIFE_EVENTS]
    interest = [row_of({group: INTEREST_EFFECT}) for group in GROUPS]
    return np.stack(life + interest)


def event_decay_days() -> Matrix:
    """Days after which an event's effect has fallen to 1/e: float32[events]."""
    life = [DECAY_DAYS[event] for event in LIFE_EVENTS]
    return np.array(life + [INTEREST_DECAY_DAYS] * len(INTERESTS), np.float32)
