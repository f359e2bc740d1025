"""The hidden response function: how likely a customer takes a product, offered or unprompted.

Only the simulator and the oracle may import it; `docs/simulated_bank.md` states the formula.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from feature_repo.contract import CHANNELS
from training.simulated_bank import effects
from training.simulated_bank.products import GROUPS, PRODUCTS, VOCABULARY
from training.simulated_bank.timeline import DAYS_IN_MONTH, Step

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class ResponseFunction:
    """All parameters of the truth; utilities are logits, arrays are customers × products."""

    intercept: Matrix
    prompt_shift: Matrix
    factors: Matrix
    event_effect: Matrix
    event_decay_days: Matrix
    season: Matrix
    payday: Matrix
    held_effect: Matrix
    channel_fit: Matrix
    preferred_channel: Matrix
    fatigue: Matrix

    def lasting(self, static: Matrix, held: NDArray[np.bool_], month: int) -> Matrix:
        """What holds all month: taste and profile, season, and what the customer already holds."""
        utility = self.intercept + static + self.season[month - 1] + held @ self.held_effect
        return np.asarray(utility, np.float32)

    def event_utility(self, event_days: NDArray[np.int16], day: Matrix) -> Matrix:
        """Effect of the latest occurrence of each event up to `day`, decaying exponentially."""
        latest = np.full(event_days.shape[:2], np.inf, np.float32)
        for occurrence in range(event_days.shape[2]):
            since = (day[:, None] - event_days[:, :, occurrence]).astype(np.float32)
            since[since < 0] = np.inf
            np.minimum(latest, since, out=latest)
        strength = np.exp(-latest / self.event_decay_days)
        return np.asarray(strength @ self.event_effect, np.float32)

    def payday_utility(self, payday: NDArray[np.int32], day: Matrix, step: Step) -> Matrix:
        """A monthly wave that peaks on the customer's pay day."""
        since = day - (step.month_start_day + payday - 1)
        wave = np.cos(2 * np.pi / DAYS_IN_MONTH * since).astype(np.float32)
        return np.asarray(wave[:, None] * self.payday, np.float32)

    def channel_utility(
        self, channel: NDArray[np.integer], preferred: NDArray[np.integer]
    ) -> Matrix:
        """Fit of channel and product, and the ease of the channel the customer prefers."""
        ease = (channel == preferred)[:, None] * self.preferred_channel
        return np.asarray(self.channel_fit[channel] + ease, np.float32)

    def fatigue_utility(self, shown_7: Matrix, shown_28: Matrix, same_28: Matrix) -> Matrix:
        """What offers shown in the last 7 and 28 days, and of the same product, take away (≤ 0)."""
        weary = self.fatigue[0] * shown_7 + self.fatigue[1] * shown_28
        return np.asarray(-(weary[:, None] + self.fatigue[2] * same_28), np.float32)

    def organic_probability(self, utility: Matrix, step: Step) -> Matrix:
        """Probability of an unprompted opening in the step, given the utility when it begins."""
        return np.asarray(step.share_of_month * logistic(utility), np.float32)

    def acceptance_probability(self, utility: Matrix) -> Matrix:
        """Probability that an offer is accepted; the utility includes channel and fatigue."""
        return logistic(utility + self.prompt_shift)


def response_function(random: np.random.Generator, traits: int) -> ResponseFunction:
    """The documented constants and the latent product factors of a bank; no intercepts yet."""
    channels = [effects.row_of(effects.CHANNEL_FIT[channel]) for channel in CHANNELS]
    held = [effects.row_of(effects.HELD_EFFECTS.get(product, {})) for product in VOCABULARY]
    return ResponseFunction(
        intercept=np.zeros(len(VOCABULARY), np.float32),
        prompt_shift=np.zeros(1, np.float32),
        factors=_product_factors(random, traits),
        event_effect=effects.event_effects(),
        event_decay_days=effects.event_decay_days(),
        season=np.stack([effects.row_of(effects.SEASONS[month]) for month in range(1, 13)]),
        payday=effects.row_of(effects.PAYDAY_EFFECTS),
        held_effect=np.stack(held),
        channel_fit=np.stack(channels),
        preferred_channel=np.array([effects.PREFERRED_CHANNEL_EFFECT], np.float32),
        fatigue=np.array(
            [
                effects.FATIGUE_PER_OFFER_IN_7_DAYS,
                effects.FATIGUE_PER_OFFER_IN_28_DAYS,
                effects.FATIGUE_PER_SAME_PRODUCT_IN_28_DAYS,
            ],
            np.float32,
        ),
    )


def logistic(logit: NDArray[np.floating]) -> Matrix:
    """1 / (1 + exp(-logit)) without overflow."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30))), np.float32)


def _product_factors(random: np.random.Generator, traits: int) -> Matrix:
    """Unit vectors, similar within a product group: float32[products, traits]."""
    groups = np.array([GROUPS.index(product.group) for product in PRODUCTS])
    centres = random.standard_normal((len(GROUPS), traits), np.float32)
    factors = centres[groups] + 0.8 * random.standard_normal((len(groups), traits), np.float32)
    return np.asarray(factors / np.linalg.norm(factors, axis=1, keepdims=True), np.float32)
