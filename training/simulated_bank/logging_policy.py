"""How the bank chose past offers: soft scores with a floor, so every candidate had a chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from feature_repo.contract import CHANNELS
from training.simulated_bank.consents import ConsentState
from training.simulated_bank.effects import row_of
from training.simulated_bank.population import SEGMENTS, Flags
from training.simulated_bank.products import PRODUCTS
from training.simulated_bank.randomness import choose_each

Floats = NDArray[np.float32]

FLOOR = 0.15
POPULARITY_WEIGHT = 0.7
SEGMENT_SCORES: dict[str, dict[str, float]] = {
    "mass": {"cards": 0.4, "services": 0.3, "loans": 0.4},
    "affluent": {"wealth": 0.9, "funds": 0.8, "insurance": 0.3},
    "private": {"wealth": 1.4, "funds": 0.9, "fx_account": 0.6},
    "student": {"cards": 0.7, "services": 0.7, "accounts": 0.3},
    "senior": {"deposits": 1.2, "wealth_r1": 0.8, "health_insurance": 0.6},
}
CHANNEL_MIX = np.array([0.44, 0.11, 0.10, 0.15, 0.08, 0.07, 0.03, 0.02, 0.02], np.float32)
PREFERENCE_FACTOR = 2.5
PLACEMENTS: dict[str, dict[str, float]] = {
    "mobile_app": {"home_feed": 0.75, "login_banner": 0.25},
    "call_center": {"next_best_action": 1.0},
    "sms": {"message": 1.0},
    "wechat": {"message": 1.0},
    "email": {"newsletter": 1.0},
    "branch": {"advisor_desk": 1.0},
    "chatbot": {"suggestion": 1.0},
    "ivr": {"announcement": 1.0},
    "partner": {"partner_page": 1.0},
}
PLACES: tuple[str, ...] = tuple(
    dict.fromkeys(place for channel in CHANNELS for place in PLACEMENTS[channel])
)


def choose_places(random: np.random.Generator, channel: NDArray[np.integer]) -> NDArray[np.integer]:
    """One of `PLACES` for each offer, among those of its channel."""
    weights = [[PLACEMENTS[name].get(place, 0.0) for place in PLACES] for name in CHANNELS]
    return choose_each(random, np.array(weights)[channel])


def offer_scores() -> Floats:
    """The past score of every product in every segment: float32[segments, products]."""
    popularity = np.log([product.adds_percent for product in PRODUCTS])
    rows = [row_of(SEGMENT_SCORES[segment]) for segment in SEGMENTS]
    return np.asarray(POPULARITY_WEIGHT * popularity + np.stack(rows), np.float32)


def offer_probabilities(scores: Floats, candidates: Flags) -> Floats:
    """Softmax over the candidates with a uniform floor; a row without candidates is all zero."""
    weight = np.where(candidates, np.exp(scores - scores.max(axis=1, keepdims=True)), 0)
    weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-30)
    uniform = candidates / np.maximum(candidates.sum(axis=1, keepdims=True), 1)
    return np.asarray((1 - FLOOR) * weight + FLOOR * uniform, np.float32)


def channel_weights(
    preferred: NDArray[np.integer], consents: ConsentState, day: NDArray[np.floating]
) -> Floats:
    """How likely each channel carries the next offer; channels without consent weigh nothing."""
    weights = np.tile(CHANNEL_MIX, (len(preferred), 1))
    weights[np.arange(len(preferred)), preferred] *= PREFERENCE_FACTOR
    weights[~consents.permits(day)] = 0.0
    assert weights.shape[1] == len(CHANNELS)
    return weights
