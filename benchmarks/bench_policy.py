"""The bank's policy of the benchmark: everything a bank may switch on, and nothing that withholds
an offer. Every cap, condition and rating is judged; their limits are out of reach.
"""

from __future__ import annotations

from typing import Any

from benchmarks.bank_shape import CHANNEL, PLACEMENT, SLATE

OUT_OF_REACH = 10_000
"""The highest limit a catalogue may declare: counted like any other, never reached here."""
MOST_PER_GROUP = 2

CHANNELS = {
    CHANNEL: {
        "purpose": "display",
        "direction": "inbound",
        "placements": {PLACEMENT: SLATE, "login_banner": 1},
    },
    "sms": {"purpose": "outbound", "direction": "outbound", "placements": {"message": 1}},
    "branch": {
        "purpose": "display",
        "direction": "inbound",
        "advises": True,
        "placements": {"advisor_desk": 3},
    },
}


def _cap(scope: str, counts: str, window: str, *only: str) -> dict[str, Any]:
    name = f"{scope}_{counts}_{window}"
    cap = {"id": name, "scope": scope, "counts": counts, "window": window, "limit": OUT_OF_REACH}
    return cap | ({"only": list(only)} if only else {})


CAPS = [
    _cap("offer", "impression", "7d"),
    _cap("offer", "decision", "month"),
    _cap("offer", "click", "30d"),
    _cap("group", "impression", "week"),
    _cap("group", "decision", "24h", "group_0", "group_1"),
    _cap("product_line", "impression", "month"),
    _cap("product_line", "outcome", "90d"),
    _cap("channel", "impression", "day", CHANNEL),
    _cap("channel", "decision", "7d", "sms"),
    _cap("placement", "impression", "day", f"{CHANNEL}/{PLACEMENT}"),
    _cap("all", "impression", "day"),
    _cap("all", "decision", "week"),
]
"""Twelve: every scope, every counted event, rolling and calendar windows. Cooldowns are those of
the house, since the catalogue declares none.
"""


def policy() -> dict[str, Any]:
    """The content of policy.yaml."""
    return {
        "time_zone": "Europe/Madrid",
        "channels": CHANNELS,
        "consent": {
            "display": "opt_out",
            "personalisation": "opt_out",
            "outbound": "opt_in",
            "third_party": "opt_in",
        },
        "diversity": {"max_per_group": MOST_PER_GROUP},
        "levers": {"issues": {"grow": 1.1}, "groups": {"group_3": 0.9}},
        "context_weights": [
            {"trigger": "login", "group": "group_1", "weight": 1.2},
            {"intent": "mortgage", "group": "group_2", "weight": 1.5},
        ],
        "conditions": {
            "issues": {
                "grow": {"applicability": {"when": 'trigger != "complaint"', "on_missing": "allow"}}
            },
            "groups": {"group_4": {"eligibility": "age >= 16 and days_since_joined >= 0"}},
        },
        "disclosures": {"groups": ["group_0", "group_1", "group_2"]},
        "suitability": {"valid_days": OUT_OF_REACH},
        "contact": {"caps": CAPS, "quiet_hours": {"from": "22:00", "until": "08:00"}},
    }
