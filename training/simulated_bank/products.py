"""What the simulated bank sells; the order of `PRODUCTS` is the order of the product vocabulary."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """One product; `adds_percent` of those who lack it open it unprompted in an average month."""

    product_id: str
    name: str
    group: str
    adds_percent: float
    months_kept: float
    prevalence: float
    peak_age: float
    age_width: float
    income_slope: float
    risk_rating: int = 0
    minimum_age: int = 0
    maximum_age: int = 120
    third_party: bool = False


PRODUCTS: tuple[Product, ...] = (
    Product("current_account", "Current account", "accounts", 3.0, 600, 0.95, 35, 40, 0.0),
    Product("savings_account", "Savings account", "accounts", 1.2, 150, 0.55, 45, 35, 0.1),
    Product("fx_account", "Foreign-currency account", "accounts", 0.25, 80, 0.08, 38, 20, 0.7),
    Product("deposit_3m", "Term deposit, 3 months", "deposits", 0.8, 4, 0.05, 58, 22, 0.3),
    Product("deposit_12m", "Term deposit, 12 months", "deposits", 0.7, 13, 0.10, 60, 22, 0.3),
    Product("deposit_36m", "Term deposit, 36 months", "deposits", 0.3, 36, 0.09, 64, 20, 0.2),
    Product(
        "wealth_r1", "Wealth product R1, cash plus", "wealth", 0.6, 9, 0.07, 52, 25, 0.4, 1, 18
    ),
    Product("wealth_r2", "Wealth product R2, steady", "wealth", 0.5, 12, 0.07, 48, 22, 0.6, 2, 18),
    Product("wealth_r3", "Wealth product R3, mixed", "wealth", 0.45, 14, 0.05, 45, 20, 0.8, 3, 18),
    Product("wealth_r4", "Wealth product R4, growth", "wealth", 0.4, 14, 0.03, 42, 18, 1.0, 4, 18),
    Product(
        "wealth_r5", "Wealth product R5, opportunity", "wealth", 0.6, 12, 0.02, 40, 16, 1.2, 5, 18
    ),
    Product("fund_money_market", "Money-market fund", "funds", 0.9, 14, 0.14, 32, 22, 0.2, 1, 18),
    Product("fund_bond", "Bond fund", "funds", 0.35, 20, 0.07, 45, 22, 0.5, 2, 18),
    Product("fund_balanced", "Balanced fund", "funds", 0.4, 24, 0.09, 42, 20, 0.7, 3, 18),
    Product("fund_equity", "Equity fund", "funds", 0.5, 20, 0.07, 36, 16, 0.8, 4, 18),
    Product(
        "pension_fund", "Personal pension fund", "funds", 0.3, 200, 0.10, 46, 14, 0.5, 2, 18, 60
    ),
    Product("gold_account", "Gold savings", "funds", 0.25, 20, 0.05, 50, 25, 0.4, 3, 18),
    Product("debit_card", "Debit card", "cards", 2.2, 200, 0.85, 33, 40, 0.0),
    Product(
        "credit_card_classic", "Classic credit card", "cards", 1.0, 70, 0.30, 32, 18, 0.1, 0, 18, 65
    ),
    Product(
        "credit_card_gold", "Gold credit card", "cards", 0.35, 70, 0.10, 42, 18, 1.1, 0, 18, 65
    ),
    Product(
        "credit_card_travel", "Travel credit card", "cards", 0.35, 60, 0.08, 34, 16, 0.7, 0, 18, 65
    ),
    Product("consumer_loan", "Consumer loan", "loans", 0.4, 20, 0.08, 34, 14, -0.3, 0, 18, 65),
    Product("car_loan", "Car loan", "loans", 0.2, 40, 0.06, 35, 13, 0.3, 0, 18, 65),
    Product(
        "renovation_loan", "Home renovation loan", "loans", 0.1, 36, 0.02, 40, 12, 0.3, 0, 18, 65
    ),
    Product("mortgage", "Mortgage", "mortgages", 0.15, 180, 0.12, 34, 9, 0.6, 0, 18, 60),
    Product(
        "travel_insurance",
        "Travel insurance",
        "insurance",
        0.5,
        3,
        0.02,
        40,
        25,
        0.4,
        0,
        18,
        80,
        True,
    ),
    Product("home_insurance", "Home insurance", "insurance", 0.3, 40, 0.10, 44, 20, 0.4, 0, 18),
    Product(
        "life_insurance", "Life insurance", "insurance", 0.25, 150, 0.10, 38, 12, 0.4, 0, 18, 65
    ),
    Product(
        "health_insurance",
        "Health insurance",
        "insurance",
        0.35,
        60,
        0.12,
        44,
        20,
        0.4,
        0,
        18,
        70,
        True,
    ),
    Product(
        "education_plan",
        "Education savings plan",
        "insurance",
        0.2,
        100,
        0.04,
        34,
        8,
        0.5,
        0,
        18,
        60,
    ),
    Product("direct_debit", "Direct debit", "services", 1.0, 90, 0.30, 40, 25, 0.1),
    Product("wechat_alerts", "WeChat alerts", "services", 1.2, 90, 0.35, 30, 22, 0.0),
    Product("payroll", "Payroll account", "services", 0.8, 80, 0.30, 32, 14, 0.1, 0, 16, 65),
    Product("pension_payment", "Pension paid in", "services", 0.4, 250, 0.15, 66, 9, -0.1, 0, 50),
    Product("digital_wallet", "Digital wallet", "services", 1.4, 100, 0.40, 27, 18, 0.0),
    Product("standing_order", "Standing order", "services", 0.5, 40, 0.12, 40, 22, 0.2),
)

VOCABULARY: tuple[str, ...] = tuple(product.product_id for product in PRODUCTS)
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(product.group for product in PRODUCTS))
GROUP_OF: dict[str, str] = {product.product_id: product.group for product in PRODUCTS}
