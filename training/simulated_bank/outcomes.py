"""How customers answered past offers: accept, click, reject, dismiss, later or nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.simulated_bank.contacts import Columns
from training.simulated_bank.randomness import choose_each

OUTCOMES = ("none", "accept", "click", "reject", "dismiss", "later")
REASONS = (
    "not_interested",
    "bad_time",
    "too_expensive",
    "has_elsewhere",
    "prefers_branch",
    "other",
)
NO_REASON = -1


def answers(random: np.random.Generator, contacts: Columns, last_second: int) -> Columns:
    """Outcome code, reason code (NO_REASON = none) and seconds until the answer, per contact."""
    accepted = contacts["accepted"].astype(np.bool_)
    outcome = np.where(accepted, OUTCOMES.index("accept"), choose_each(random, _leaning(contacts)))
    rejected = outcome == OUTCOMES.index("reject")
    reason = np.where(rejected, choose_each(random, _reasons(contacts)), NO_REASON)
    delay = np.ceil(random.exponential(240, len(outcome))).astype(np.int64)
    delay = np.minimum(delay, 3 * 3600)
    return {
        "outcome": outcome.astype(np.uint8),
        "reason": reason.astype(np.int8),
        "outcome_second": np.minimum(contacts["second"].astype(np.int64) + delay, last_second),
    }


def _leaning(contacts: Columns) -> NDArray[np.float64]:
    """Interest makes a click likelier, weariness a rejection; most offers meet no reaction."""
    interest = contacts["acceptance"].astype(np.float64)
    weary = contacts["weariness"].astype(np.float64)
    click = np.clip(0.04 + 2.0 * interest, 0, 0.4)
    later = np.clip(0.015 + 0.5 * interest, 0, 0.15)
    none = np.full(len(interest), 0.45)
    return np.stack([none, 0 * none, click, 0.08 + 0.04 * weary, 0.2 + 0.02 * weary, later], axis=1)


def _reasons(contacts: Columns) -> NDArray[np.float64]:
    weary = contacts["weariness"].astype(np.float64)
    even = np.ones(len(weary))
    return np.stack(
        [0.45 * even, 0.12 + 0.1 * weary, 0.15 * even, 0.12 * even, 0.05 * even, 0.08 * even],
        axis=1,
    )
