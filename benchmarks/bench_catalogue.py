"""A catalogue folder of 100 offers under a full policy, every one of them permitted in the app: all
rules have something to judge, and all rows are scored.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from benchmarks.bank_shape import (
    BANK,
    CHANNEL,
    CURRENCY,
    GROUPS,
    OFFERS,
    offer_product,
    offer_value,
)
from benchmarks.bench_policy import policy

INVESTOR_CLASSES = ["retail", "professional", "institutional"]


def write_catalogue(folder: Path, count: int = OFFERS) -> None:
    """Write offers.yaml, policy.yaml and treatments.yaml; the last offer is a service, which no cap
    counts and which stands before the others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    offers = [*map(_offer, range(count - 1)), _service(count - 1)]
    files = {
        "offers": {"bank": BANK, "currency": CURRENCY, "offers": offers},
        "policy": policy(),
        "treatments": {"treatments": [_treatment(offer["id"]) for offer in offers]},
    }
    for name, content in files.items():
        text = yaml.safe_dump(content, sort_keys=False)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


_INVESTMENTS = ("group_7", "group_8", "group_9")
_HELD = "product_07"
_ELIGIBILITY = (
    "age >= 16 and income_monthly > 10",
    'age >= 16 and segment in ["student", "mass", "affluent", "private"]',
    f'income_monthly > 10 and (has_product("{_HELD}") or not has_product("{_HELD}"))',
    "days_since_joined >= 0 and snapshots_seen >= 1 and not income_monthly <= 10",
)
"""True of every customer the benchmark draws; three offers in four declare one of them."""


def _service(number: int) -> dict[str, Any]:
    return _bare_offer(number) | {"issue": "serve", "lane": "service"}


def _offer(number: int) -> dict[str, Any]:
    offer = _bare_offer(number)
    if number % len(_ELIGIBILITY):
        offer["eligibility"] = _ELIGIBILITY[number % len(_ELIGIBILITY)]
    if offer["group"] in _INVESTMENTS:
        offer |= {"issuer_rating": 1, "own_rating": 1, "investor_classes": INVESTOR_CLASSES}
    return offer


def _bare_offer(number: int) -> dict[str, Any]:
    product = offer_product(number)
    return {
        "id": f"offer_{number:03d}",
        "version": 1,
        "product_id": product,
        "group": GROUPS[product],
        "issue": "grow",
        "value": offer_value(number),
        "channels": [CHANNEL, "branch"],
        "repeatable": True,
        "valid_from": "2020-01-01T00:00:00+01:00",
        "minimum_age": 16,
    }


def _treatment(offer_id: str) -> dict[str, Any]:
    return {
        "offer": offer_id,
        "locale": "en",
        "title": f"Something for you: {offer_id}",
        "body": "A few words that say what it is, what it costs and for whom it is made.",
        "call_to_action": {"label": "Look at it", "deep_link": f"app://offers/{offer_id}"},
        "disclosure": "What the law wants to be said beside it.",
        "talk_track": "What an agent says, and the customer never reads.",
    }
