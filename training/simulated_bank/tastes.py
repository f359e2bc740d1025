"""What a customer's taste and profile say about every product: the utility that never changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.simulated_bank.effects import row_of
from training.simulated_bank.population import LATENT_TRAITS, Flags, Population, draw_population
from training.simulated_bank.products import GROUPS, PRODUCTS, VOCABULARY
from training.simulated_bank.randomness import stream
from training.simulated_bank.truth import Matrix, ResponseFunction, logistic, response_function

AFFINITY = 0.7
AGE_WEIGHT = 0.45
PASSIVE_CUSTOMER = -0.6
PROMPT_SHIFT = 1.25
INCOME_WEIGHT = 0.75
REFERENCE_CUSTOMERS = 4000
STATE_EFFECTS: dict[str, dict[str, float]] = {
    "is_salaried": {"payroll": 1.2, "pension_fund": 0.5, "loans": 0.4},
    "lacks_salary": {"payroll": -1.5, "loans": -0.6},
    "is_retired": {"pension_payment": 2.5, "deposits": 0.4, "loans": -0.8},
    "still_working": {"pension_payment": -3.0},
    "is_renting": {"standing_order": 0.6, "home_insurance": 0.4, "mortgage": 0.4},
    "has_children": {"education_plan": 0.8, "life_insurance": 0.5, "travel_insurance": 0.2},
}
_RATING = np.array([product.risk_rating for product in PRODUCTS])
_MINIMUM_AGE = np.array([product.minimum_age for product in PRODUCTS])
_MAXIMUM_AGE = np.array([product.maximum_age for product in PRODUCTS])
_PREVALENCE = np.array([product.prevalence for product in PRODUCTS], np.float32)


def static_utility(population: Population, response: ResponseFunction) -> Matrix:
    """Latent taste and profile, without intercept: float32[customers, products]."""
    affinity = AFFINITY * population.traits @ response.factors.T
    return np.asarray(affinity + _profile(population), np.float32)


def eligible(population: Population) -> Flags:
    """Whose age and assessed risk capacity permit which product: bool[customers, products]."""
    age = population.age[:, None]
    of_age = (age >= _MINIMUM_AGE) & (age <= _MAXIMUM_AGE)
    return of_age & (population.risk_capacity[:, None] >= _RATING)


def group_leaning(static: Matrix) -> Matrix:
    """How much a customer leans to each product group: float32[customers, groups]."""
    groups = np.array([product.group for product in PRODUCTS])
    return np.stack([static[:, groups == group].mean(axis=1) for group in GROUPS], axis=1)


def initial_holdings(random: np.random.Generator, population: Population, static: Matrix) -> Flags:
    """What customers hold when first seen, by prevalence and taste: bool[customers, products]."""
    centred = static - static.mean(axis=0)
    chance = logistic(np.log(_PREVALENCE / (1 - _PREVALENCE)) + 0.8 * centred)
    held = random.random(chance.shape, np.float32) < chance
    held[:, VOCABULARY.index("payroll")] &= population.is_salaried
    held[:, VOCABULARY.index("pension_payment")] &= population.is_retired
    return np.asarray(held & eligible(population))


def calibrated_response(seed: int) -> ResponseFunction:
    """The response function that meets every `adds_percent` on a reference population."""
    response = response_function(stream(seed, -1, "factors"), LATENT_TRAITS)
    random = stream(seed, -1, "reference")
    people = draw_population(random, 0, REFERENCE_CUSTOMERS, 1)
    static = static_utility(people, response)
    held = initial_holdings(random, people, static)
    typical = _typical_events(random, response)
    utility = np.asarray(static + held @ response.held_effect + typical, np.float32)
    at_risk = eligible(people) & ~held
    target = np.array([product.adds_percent for product in PRODUCTS]) / 100
    return replace(
        response,
        intercept=_intercepts(utility, at_risk, target),
        prompt_shift=np.array([PROMPT_SHIFT], np.float32),
    )


def _typical_events(random: np.random.Generator, response: ResponseFunction) -> Matrix:
    """Event effects at a random moment, at one event in 22 months per kind."""
    shape = (REFERENCE_CUSTOMERS, len(response.event_decay_days))
    since = random.exponential(30 / 0.045, shape).astype(np.float32)
    return np.asarray(np.exp(-since / response.event_decay_days) @ response.event_effect)


def _intercepts(utility: Matrix, at_risk: Flags, target: NDArray[np.floating]) -> Matrix:
    """Bisection per product: the shift at which the mean probability at risk equals the target."""
    low, high = np.full(len(target), -20.0), np.full(len(target), 10.0)
    for _ in range(40):
        middle = (low + high) / 2
        rate = np.mean(logistic(utility + middle), axis=0, where=at_risk)
        low, high = np.where(rate < target, middle, low), np.where(rate < target, high, middle)
    return np.asarray((low + high) / 2, np.float32)


def _profile(population: Population) -> Matrix:
    slope = np.array([product.income_slope for product in PRODUCTS])
    peak = np.array([product.peak_age for product in PRODUCTS])
    width = np.array([product.age_width for product in PRODUCTS])
    distance = (population.age[:, None] - peak) / width
    utility = INCOME_WEIGHT * slope * population.income_level[:, None]
    utility -= AGE_WEIGHT * np.minimum(distance**2, 4)
    courage = (population.risk_capacity - 3)[:, None] * (_RATING - 2.5) * (_RATING > 0)
    utility += 0.15 * courage + PASSIVE_CUSTOMER * ~population.is_active[:, None]
    states = {
        "is_salaried": population.is_salaried,
        "lacks_salary": ~population.is_salaried,
        "is_retired": population.is_retired,
        "still_working": ~population.is_retired,
        "is_renting": population.is_renting,
        "has_children": population.has_children,
    }
    for state, effect in STATE_EFFECTS.items():
        utility += states[state][:, None] * row_of(effect)
    return np.asarray(utility, np.float32)
