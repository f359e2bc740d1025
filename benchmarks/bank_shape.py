"""The size and names of the benchmark's bank: one place for all peers."""

from __future__ import annotations

import os

BANK = "bench"
CURRENCY = "EUR"
PRODUCTS_VARIABLE = "BENCH_PRODUCTS"
"""How many products the bank has; with as many as offers, every offer is a row of its own."""
PRODUCTS = tuple(f"product_{n:02d}" for n in range(int(os.environ.get(PRODUCTS_VARIABLE, "40"))))
GROUPS = {product: f"group_{number // 4}" for number, product in enumerate(PRODUCTS)}
OFFERS = 100
TREES = 300
LEAVES = 31
CHANNEL = "mobile_app"
PLACEMENT = "home_feed"
SLATE = 5
"""Offers in an answer."""

HOME_VARIABLE, REDIS_VARIABLE = "BENCH_HOME", "BENCH_REDIS_URL"
"""Where peers that are no `nbo` find the bank."""


def customer_id(number: int) -> str:
    """The name of the customer with this number."""
    return f"C{number:07d}"


def offer_product(number: int) -> str:
    """The product that offer promotes: of 40 products, every one has two or three offers."""
    return PRODUCTS[number % len(PRODUCTS)]


def offer_value(number: int) -> float:
    """What one acceptance of that offer is worth."""
    return 20.0 + 7.0 * (number * 37 % 23)
