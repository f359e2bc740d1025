"""One example per operation: what the documentation shows and a test decodes."""

from __future__ import annotations

from typing import Any

DECISION_REQUEST: dict[str, Any] = {
    "customer_id": "15889",
    "channel": "mobile_app",
    "placements": [{"id": "login_banner", "limit": 1}, {"id": "home_feed", "limit": 3}],
    "context": {"trigger": "login", "intent": "mortgage", "device": "ios"},
    "locale": "zh-CN",
    "mode": "live",
    "explain": True,
    "request_id": "r-20261102-0001",
}
DECISION: dict[str, Any] = {
    "decision_id": "01JBQ5W3ZK8V6M2T4X9C7D1E0F",
    "request_id": "r-20261102-0001",
    "served_from": "full",
    "degraded_reasons": [],
    "arm": "champion",
    "placements": [
        {
            "id": "home_feed",
            "no_offer_reason": None,
            "offers": [
                {
                    "rank": 1,
                    "offer_id": "fund_balanced",
                    "offer_version": 3,
                    "product_id": "ind_fond_fin_ult1",
                    "treatment": {
                        "locale": "zh-CN",
                        "title": "稳健配置基金",
                        "body": "分散投资，随时了解净值变化。",
                        "call_to_action": {"label": "了解详情", "deep_link": "bank://funds"},
                        "image_url": None,
                        "disclosure": "基金有风险，投资需谨慎。",
                        "talk_track": None,
                    },
                    "tracking_token": "MDFKQlE1VzNaSzhWNk0yVHxmdW5kX2JhbGFuY2VkfA",
                    "propensity": 0.083,
                    "value": 120.0,
                    "context_weight": 1.0,
                    "lever": 1.0,
                    "priority": 9.96,
                    "selection_probability": 1.0,
                    "reasons": [],
                }
            ],
        },
        {"id": "login_banner", "no_offer_reason": "nothing_eligible", "offers": []},
    ],
    "withheld": [
        {
            "offer_id": "credit_card_classic",
            "first_rule": "not_already_held",
            "rules": ["not_already_held"],
            "text": "客户已持有该产品，或持有情况未知。",
        }
    ],
    "versions": {
        "model": "20261102T090000-5f1d0c2b7a9e",
        "catalogue": "9b2f4c1d8e7a6053",
        "policy": "1c0de5a7b9f83246",
        "contract": "f3a9c2",
    },
    "expires_at": "2026-11-02T09:10:00Z",
}
CATALOGUE: dict[str, Any] = {
    "catalogue": "9b2f4c1d8e7a6053",
    "policy": "1c0de5a7b9f83246",
    "currency": "EUR",
    "channels": {"mobile_app": {"login_banner": 1, "home_feed": 3}},
    "offers": [
        {
            "offer_id": "fund_balanced",
            "offer_version": 3,
            "product_id": "ind_fond_fin_ult1",
            "group": "investments",
            "value": 120.0,
            "lever": 1.0,
            "channels": ["mobile_app", "call_center"],
            "lane": "marketing",
            "killed": False,
            "title": {"en": "Balanced fund", "zh-CN": "稳健配置基金"},
        }
    ],
    "reject_reasons": [
        {"code": "too_expensive", "text": {"en": "Too expensive", "zh-CN": "费用太高"}}
    ],
}
MODELS: dict[str, Any] = {
    "models": [{"model": "20261102T090000-5f1d0c2b7a9e", "champion": True, "in_use": True}]
}
KILL_SWITCH_REQUEST: dict[str, Any] = {
    "scope": "offer",
    "id": "fund_balanced",
    "active": True,
    "reason": "the prospectus is being corrected",
}
KILL_SWITCHES: dict[str, Any] = {
    "version": 3,
    "switches": [
        {
            "scope": "offer",
            "id": "fund_balanced",
            "reason": "the prospectus is being corrected",
            "principal": "duty-officer",
            "since": "2026-11-02T09:00:00Z",
        }
    ],
}
KILL_SWITCH_SET: dict[str, Any] = KILL_SWITCH_REQUEST | KILL_SWITCHES
LIVE: dict[str, Any] = {"status": "live"}
READY: dict[str, Any] = {
    "status": "ready",
    "checks": [{"name": "warm_up", "passed": True, "detail": "decided once"}],
}
PROBLEM: dict[str, Any] = {
    "type": "/problems/request-invalid",
    "title": "The request breaks the contract",
    "status": 400,
    "detail": "Object contains unknown field `limits`",
    "pointer": "/placements/0/limits",
}
METRICS = '# TYPE nbo_decisions_total counter\nnbo_decisions_total{channel="mobile_app"} 1.0\n'
