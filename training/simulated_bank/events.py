"""Digital and branch events of one month; what customers look at follows their interests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from feature_repo.contract import CHANNELS
from training.simulated_bank.contacts import Columns, Month
from training.simulated_bank.population import Population
from training.simulated_bank.randomness import choose_each, choose_from
from training.simulated_bank.truth import Matrix, ResponseFunction

FEWEST, TYPICAL, MOST = 10, 14.5, 20
PASSIVE_TYPICAL = 1.2
FIRST_HOUR, HOURS = 8, 15.5
TYPES = (
    "bank.session.started",
    "bank.product.viewed",
    "bank.branch.enquiry",
    "bank.call.received",
)
NO_PRODUCT = -1
_VIEWING = np.array([CHANNELS.index(c) for c in ("mobile_app", "wechat", "chatbot")])
_SESSION = np.array(
    [CHANNELS.index(c) for c in ("mobile_app", "wechat", "email", "chatbot", "ivr")]
)
_ENQUIRY = {2: CHANNELS.index("branch"), 3: CHANNELS.index("call_center")}


def month_events(
    random: np.random.Generator, people: Population, month: Month, response: ResponseFunction
) -> Columns:
    """Columns row, second, channel code, type code and product (NO_PRODUCT = concerns none)."""
    row = np.repeat(np.arange(len(people)), _counts(random, people, month))
    first = np.maximum(people.joined_day[row], month.step.first_day)
    day = np.floor(first + random.random(len(row)) * (month.step.end_day - first))
    utility = response.event_utility(month.event_days[row], day.astype(np.float32))
    kind = _kinds(random, utility)
    product = np.full(len(row), NO_PRODUCT, np.int16)
    curious = np.flatnonzero(kind > 0)
    weights = _curiosity(month, row[curious], utility[curious], response)
    product[curious] = choose_each(random, weights)
    clock = ((FIRST_HOUR + HOURS * random.random(len(row))) * 3600).astype(np.int64)
    return {
        "row": row,
        "second": day.astype(np.int64) * 86_400 + clock,
        "channel": _channels(random, people.preferred_channel[row], kind),
        "type": kind.astype(np.uint8),
        "product": product,
    }


def _counts(random: np.random.Generator, people: Population, month: Month) -> NDArray[np.integer]:
    step = month.step
    busy = np.clip(random.poisson(TYPICAL, len(people)), FEWEST, MOST)
    count = np.where(people.is_active, busy, random.poisson(PASSIVE_TYPICAL, len(people)))
    present = np.clip(step.end_day - np.maximum(people.joined_day, step.first_day), 0, step.days)
    share = present / step.days * min(step.share_of_month / 0.9, 1.0)
    return np.asarray(np.rint(count * share), np.int64)


def _kinds(random: np.random.Generator, utility: Matrix) -> NDArray[np.integer]:
    """Mostly sessions; the more something is on a customer's mind, the more views and enquiries."""
    mind = np.clip(utility.max(axis=1), 0, 4)
    views, enquiries, calls = 0.22 + 0.06 * mind, 0.015 + 0.01 * mind, 0.02 + 0.008 * mind
    at = random.random(len(mind))
    thresholds = np.stack([views, views + enquiries, views + enquiries + calls])
    return np.asarray(np.select([at < limit for limit in thresholds], [1, 2, 3], 0))


def _curiosity(
    month: Month, row: NDArray[np.integer], utility: Matrix, response: ResponseFunction
) -> Matrix:
    """How much each product draws the eye: lasting taste, and strongly what is on the mind now."""
    taste = month.lasting[row] - 0.5 * response.intercept
    weight = np.exp(np.clip(0.6 * taste + 1.1 * utility, -12, 8))
    return np.asarray(weight * np.where(month.held_before[row], 0.1, 1.0), np.float32)


def _channels(
    random: np.random.Generator, preferred: NDArray[np.integer], kind: NDArray[np.integer]
) -> NDArray[np.uint8]:
    session = _SESSION[choose_from(random, np.array([0.68, 0.18, 0.05, 0.05, 0.04]), len(kind))]
    likes = np.isin(preferred, _SESSION) & (random.random(len(kind)) < 0.4)
    channel = np.where(likes, preferred, session)
    viewing = _VIEWING[choose_from(random, np.array([0.75, 0.2, 0.05]), len(kind))]
    channel = np.where(kind == 1, viewing, channel)
    for enquiry, place in _ENQUIRY.items():
        channel = np.where(kind == enquiry, place, channel)
    return channel.astype(np.uint8)
