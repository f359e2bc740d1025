"""Examples of what is told of decisions on record, and of what is reported of customers."""

from __future__ import annotations

from typing import Any

DECISION_ID = "01JBQ5W3ZK8V6M2T4X9C7D1E0F"
VERSIONS: dict[str, Any] = {
    "model": "simulated-20261101T080000",
    "catalogue": "9f2d6c1e0b7a4f35",
    "policy": "1c5b7d9e3f204a68",
    "contract": "5a1b9c",
}
DECISION: dict[str, Any] = {
    "decision_id": DECISION_ID,
    "request_id": "r-20261102-0001",
    "at": "2026-11-02T09:00:00.120000Z",
    "as_of": "2026-11-02T09:00:00.119000Z",
    "channel": "call_center",
    "locale": "en",
    "context": {"trigger": "call"},
    "principal": "A17",
    "on_behalf_of": {"agent_id": "A17", "call_id": "c-9"},
    "arm": "champion",
    "served_from": "full",
    "degraded_reasons": [],
    "versions": VERSIONS,
    "placements": [
        {
            "id": "next_best_action",
            "no_offer_reason": None,
            "offers": [
                {
                    "rank": 1,
                    "offer_id": "fund_balanced",
                    "propensity": 0.083,
                    "value": 120.0,
                    "context_weight": 1.0,
                    "lever": 1.0,
                    "priority": 9.96,
                    "reasons": [{"code": "VIEWED_PRODUCT", "text": "She has looked at it."}],
                }
            ],
        }
    ],
    "verdicts": [
        {
            "offer_id": "fund_growth",
            "proposed": True,
            "permitted": False,
            "denied_by": ["within_risk_capacity"],
            "propensity": None,
            "priority": None,
        }
    ],
}
WHY_NOT: dict[str, Any] = {
    "decision_id": DECISION_ID,
    "offer_id": "deposit_12m",
    "as_of": "2026-10-31T10:15:00Z",
    "was_offered": False,
    "first_rule": "not_cooling_down",
    "rules": [
        {
            "code": "not_cooling_down",
            "tier": "contact_policy",
            "owner": "marketing",
            "legal_basis": "the bank's own contact policy",
            "text": "The customer has answered such an offer not long ago.",
            "seen": "reject of deposit_12m at 2026-10-20T10:14:59+00:00, keeps back this offer",
            "needed": "no answer that still counts",
            "possible_from": "2027-01-18T10:15:00Z",
        }
    ],
    "possible_from": "2027-01-18T10:15:00Z",
    "outranked": None,
    "priority": None,
    "lowest_shown_priority": 9.96,
}
REPLAY: dict[str, Any] = {
    "decision_id": DECISION_ID,
    "equal": True,
    "differences": [],
    "versions": VERSIONS,
}
OUTCOMES_REQUEST: dict[str, Any] = {
    "outcomes": [
        {
            "event_id": "e-7001",
            "decision_id": DECISION_ID,
            "offer_id": "fund_balanced",
            "outcome": "reject",
            "reason": "has_elsewhere",
            "occurred_at": "2026-11-02T09:03:00Z",
            "channel": "call_center",
        }
    ]
}
OUTCOMES: dict[str, Any] = {"results": [{"event_id": "e-7001", "status": "accepted", "detail": ""}]}
