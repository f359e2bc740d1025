"""A catalogue folder of 100 offers, every one of them permitted in the app: all rows are scored."""

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
    PLACEMENT,
    SLATE,
    offer_product,
    offer_value,
)


def write_catalogue(folder: Path) -> None:
    """Write offers.yaml, policy.yaml and treatments.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    offers = [_offer(number) for number in range(OFFERS)]
    files = {
        "offers": {"bank": BANK, "currency": CURRENCY, "offers": offers},
        "policy": _POLICY,
        "treatments": {"treatments": [_treatment(offer["id"]) for offer in offers]},
    }
    for name, content in files.items():
        text = yaml.safe_dump(content, sort_keys=False)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


_POLICY = {
    "time_zone": "Europe/Madrid",
    "channels": {
        CHANNEL: {"purpose": "display", "direction": "inbound", "placements": {PLACEMENT: SLATE}}
    },
    "consent": {
        "display": "opt_out",
        "personalisation": "opt_out",
        "outbound": "opt_in",
        "third_party": "opt_in",
    },
    "diversity": {"max_per_group": OFFERS},
}


def _offer(number: int) -> dict[str, Any]:
    product = offer_product(number)
    return {
        "id": f"offer_{number:03d}",
        "version": 1,
        "product_id": product,
        "group": GROUPS[product],
        "issue": "grow",
        "value": offer_value(number),
        "channels": [CHANNEL],
        "repeatable": True,
    }


def _treatment(offer_id: str) -> dict[str, Any]:
    return {
        "offer": offer_id,
        "locale": "en",
        "title": f"Something for you: {offer_id}",
        "body": "A few words that say what it is, what it costs and for whom it is made.",
        "call_to_action": {"label": "Look at it", "deep_link": f"app://offers/{offer_id}"},
    }
