"""Requests that break the contract of POST /v1/decisions, over the real HTTP surface."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from service.domain.outcomes import OutcomeKind
from tests.fakes import ASK, KNOWN, FakeCustomerStore, ToyService


def refused(client: TestClient[Litestar], **changes: object) -> dict[str, Any]:
    answer = client.post("/v1/decisions", json=ASK | changes)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["type"] == "/problems/request-invalid"
    return problem


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"limit": 3}, "/limit"),
        ({"context": {"mood": "good"}}, "/context/mood"),
        ({"context": {"a/b~c": "x"}}, "/context/a~1b~0c"),
        ({"on_behalf_of": {"agent_id": "A", "team": "x"}}, "/on_behalf_of/team"),
        ({"on_behalf_of": {}}, "/on_behalf_of/agent_id"),
        ({"placements": [{"id": "home_feed", "limits": 3}]}, "/placements/0/limits"),
        ({"placements": [{"id": "home_feed", "limit": 21}]}, "/placements/0/limit"),
        ({"placements": [{"id": "home_feed", "limit": 0}]}, "/placements/0/limit"),
        ({"placements": []}, "/placements"),
        ({"placements": [{"id": "home_feed"}] * 11}, "/placements"),
        ({"placements": [{"id": "home_feed"}, {"id": "home_feed"}]}, "/placements/1/id"),
        ({"placements": [{"id": "cinema"}]}, "/placements/0/id"),
        ({"customer_id": ""}, "/customer_id"),
        ({"customer_id": "x" * 129}, "/customer_id"),
        ({"customer_id": 15889}, "/customer_id"),
        ({"customer_id": "15889 "}, "/customer_id"),
        ({"customer_id": "15889\n"}, "/customer_id"),
        ({"customer_id": "158\x0089"}, "/customer_id"),
        ({"mode": "live` - at `$.customer_id"}, "/mode"),
        ({"channel": "telegraph"}, "/channel"),
        ({"mode": "rehearsal"}, "/mode"),
        ({"explain": "yes"}, "/explain"),
        ({"request_id": ""}, "/request_id"),
    ],
)
def test_a_broken_request_is_refused_with_a_pointer_to_the_field(client, change, pointer) -> None:
    assert refused(client, **change)["pointer"] == pointer


def test_unknown_channels_and_placements_are_answered_with_the_known_ones(client) -> None:
    assert "mobile_app, sms" in refused(client, channel="telegraph")["detail"]
    placements = [{"id": "cinema"}]
    assert "login_banner, home_feed" in refused(client, placements=placements)["detail"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 50_000, b'{"customer_id":"\xff"}', b'{"customer_id":"\\ud800"}', b"[]"],
)
def test_malformed_json_is_a_problem_and_not_an_error(client, body) -> None:
    answer = client.post("/v1/decisions", content=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"


def test_a_missing_field_is_named(client) -> None:
    problem = client.post("/v1/decisions", json={"customer_id": KNOWN}).json()
    assert problem["pointer"] == "/channel"


def test_a_refusal_never_repeats_the_customer_id(client) -> None:
    answer = client.post("/v1/decisions", json=ASK | {"channel": "telegraph"})
    assert KNOWN not in answer.text


def test_an_error_never_repeats_at_length_what_a_client_sent(client) -> None:
    answer = client.post("/v1/decisions", json=ASK | {"x" * 60_000: 1})
    assert answer.status_code == 400
    assert len(answer.content) < 600


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/decisions/", "/v1//decisions"])
def test_no_spelling_of_the_address_gets_past_the_bound(path: str) -> None:
    service = ToyService(FakeCustomerStore({}))
    with TestClient(service.app(most_in_flight=0)) as client:
        answer = client.post(path, json=ASK)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["type"] == "/problems/too-many-in-flight"


def test_a_value_that_is_none_of_a_few_is_told_all_of_them(client) -> None:
    detail = refused(client, mode="DRY")["detail"]
    assert detail == "Invalid enum value 'DRY': use one of dry_run, live"


def test_an_outcome_nobody_knows_is_told_all_there_are(client) -> None:
    entry = {"event_id": "e", "outcome": "bogus", "occurred_at": "2026-11-01T09:00:00Z"}
    body = {"outcomes": [entry | {"channel": "mobile_app", "tracking_token": "t"}]}
    answer = client.post("/v1/outcomes", json=body).json()
    assert answer["pointer"] == "/outcomes/0/outcome"
    assert answer["detail"].endswith(f"use one of {', '.join(OutcomeKind)}")
