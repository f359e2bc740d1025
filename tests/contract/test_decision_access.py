"""For whom a token may ask decisions, and what of the answer it sees, over HTTP."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.access_tokens import bearer, call
from tests.fakes import ASK, KNOWN
from tests.guarded_service import GuardedService

NUMBERS = (
    "propensity", "value", "context_weight", "lever", "priority", "selection_probability",
)  # fmt: skip
NOON_2030 = 1_893_499_200.0
"""The toy service's wall clock stands there; tokens are judged by the real one."""


@pytest.fixture
def service(tmp_path: Path) -> GuardedService:
    return GuardedService(tmp_path).with_issuer()


def ask(client: TestClient[Litestar], token: str, **changes: object) -> Any:
    return client.post("/v1/decisions", json=ASK | changes, headers=bearer(token))


def offers(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found = [offer for place in answer.json()["placements"] for offer in place["offers"]]
    assert found
    return found


def in_call(seconds: float = 300.0) -> dict[str, Any]:
    now = time.time()
    return call("c-9", KNOWN, seconds=NOON_2030 - now + seconds)


def test_the_app_gets_offers_words_and_token_and_nothing_else(client, issuer) -> None:
    answer = ask(client, issuer.token("decide"), explain=True)
    assert answer.json()["withheld"] is None
    for offer in offers(answer):
        assert offer["treatment"]["title"]
        assert offer["tracking_token"]
        assert offer["treatment"]["talk_track"] is None
        assert offer["reasons"] == []
        assert [offer[name] for name in NUMBERS] == [None] * len(NUMBERS)


def test_the_analyst_gets_all_numbers_when_she_asks_for_an_explanation(client, issuer) -> None:
    token = issuer.token("analyst")
    answer = ask(client, token, explain=True, mode="dry_run")
    assert answer.json()["withheld"]
    assert all(offer["value"] is not None for offer in offers(answer))
    plain = ask(client, token, mode="dry_run")
    assert plain.json()["withheld"] is None
    assert all(offer["value"] is None for offer in offers(plain))
    live = ask(client, token)
    assert live.status_code == 403
    assert "decide" in live.json()["detail"]


def test_an_agent_in_her_call_sees_what_was_withheld_but_no_numbers(client, issuer) -> None:
    token = issuer.token("agent", sub="A17", calls=[in_call()])
    answer = ask(client, token, on_behalf_of={"agent_id": "A17", "call_id": "c-9"})
    assert answer.json()["withheld"] is not None
    assert all(offer["priority"] is None for offer in offers(answer))


@pytest.mark.parametrize(
    ("asked", "seconds", "says"),
    [
        ({}, 300, "send on_behalf_of"),
        ({"agent_id": "A18", "call_id": "c-9"}, 300, "not the sub"),
        ({"agent_id": "A17"}, 300, "call_id is missing"),
        ({"agent_id": "A17", "call_id": "c-8"}, 300, "grants no such call"),
        ({"agent_id": "A17", "call_id": "c-9"}, -1, "the call is over"),
    ],
)
def test_an_agent_without_an_active_call_is_told_what_is_missing(
    client, issuer, asked, seconds, says
) -> None:
    token = issuer.token("agent", sub="A17", calls=[in_call(seconds)])
    answer = ask(client, token, on_behalf_of=asked or None)
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/not-authorised"
    assert says in answer.json()["detail"]
    assert KNOWN not in answer.text


def test_a_call_with_one_customer_opens_no_other(client, issuer) -> None:
    token = issuer.token("agent", sub="A17", calls=[in_call()])
    asked = {"agent_id": "A17", "call_id": "c-9"}
    answer = ask(client, token, customer_id="somebody-else", on_behalf_of=asked)
    assert answer.status_code == 403
    assert "another customer" in answer.json()["detail"]


def test_a_customers_own_token_asks_for_nobody_else(client, issuer) -> None:
    token = issuer.token("customer", sub=KNOWN)
    assert ask(client, token).status_code == 200
    answer = ask(client, token, customer_id="somebody-else")
    assert answer.status_code == 403
    assert "bound to another customer" in answer.json()["detail"]
    assert KNOWN not in answer.text


def test_a_customers_own_token_acts_for_no_agent(client, issuer) -> None:
    """Else the record would name an agent who never asked."""
    asked = {"agent_id": "A17", "call_id": "c-9"}
    answer = ask(client, issuer.token("customer", sub=KNOWN), on_behalf_of=asked)
    assert answer.status_code == 403
    assert "leave on_behalf_of out" in answer.json()["detail"]


def test_where_nobody_has_to_authenticate_everything_is_visible(tmp_path: Path) -> None:
    with GuardedService(tmp_path).client() as client:
        answer = client.post("/v1/decisions", json=ASK | {"explain": True})
    assert answer.json()["withheld"]
    assert all(offer["value"] is not None for offer in offers(answer))
