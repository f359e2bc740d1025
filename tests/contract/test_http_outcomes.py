"""POST /v1/outcomes over the real HTTP surface: a batch that breaks the contract, and its cure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from service.api.openapi import build_document
from service.api.outcomes import MOST_FAULTS
from service.api.wire_outcomes import MOST_OUTCOMES
from service.ports import RecordKind
from tests.fakes import ASK, KNOWN, NOW

Entry = dict[str, Any]
SHOWN_AT = (NOW - timedelta(seconds=1)).isoformat()


@pytest.fixture
def shown(client: TestClient[Litestar]) -> Entry:
    """She was shown the first offer of a decision."""
    answer = client.post("/v1/decisions", json=ASK).json()
    offers = [offer for place in answer["placements"] for offer in place["offers"]]
    return {
        "event_id": "e-1",
        "tracking_token": offers[0]["tracking_token"],
        "outcome": "impression",
        "occurred_at": SHOWN_AT,
        "channel": "mobile_app",
    }


def without(entry: Entry, name: str) -> Entry:
    return {key: value for key, value in entry.items() if key != name}


def refused(client: TestClient[Litestar], content: bytes) -> Entry:
    answer = client.post("/v1/outcomes", content=content)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: Entry = answer.json()
    return problem


def batch(*entries: object) -> bytes:
    return msgspec.json.encode({"outcomes": entries})


def test_a_queue_is_rid_of_its_bad_entries_in_one_round_trip(client, service, shown) -> None:
    entries = [
        without(shown, "channel"),
        shown,
        shown | {"occurred_at": "yesterday"},
        shown | {"event_id": "e-2", "outcome": "click"},
        "an outcome",
        shown | {"reason": "rude", "a/b": 1},
    ]
    problem = refused(client, batch(*entries))
    assert [it["pointer"] for it in problem["errors"]] == [
        "/outcomes/0/channel",
        "/outcomes/2/occurred_at",
        "/outcomes/4",
        "/outcomes/5/reason",
    ]
    first = problem["errors"][0]
    assert {name: problem[name] for name in first} == first
    assert all(it["detail"] for it in problem["errors"])
    assert KNOWN not in str(problem)
    assert [it.kind for it in service.event_log.records] == [RecordKind.DECISION]
    named = {int(it["pointer"].split("/")[2]) for it in problem["errors"]}
    rest = [entry for place, entry in enumerate(entries) if place not in named]
    heard = client.post("/v1/outcomes", content=batch(*rest))
    assert heard.status_code == 202
    assert [it["status"] for it in heard.json()["results"]] == ["accepted", "accepted"]


def test_the_document_of_the_contract_has_the_errors_of_entries() -> None:
    schemas = build_document()["components"]["schemas"]
    errors, _ = schemas["Problem"]["properties"]["errors"]["anyOf"]
    assert errors["items"]["$ref"].endswith("/Fault")
    assert "errors" not in schemas["Problem"]["required"]
    assert schemas["Fault"]["required"] == ["pointer", "detail"]


def test_at_most_fifty_bad_entries_are_named(client, shown) -> None:
    problem = refused(client, batch(*[without(shown, "channel")] * MOST_OUTCOMES))
    assert len(problem["errors"]) == MOST_FAULTS == 50


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        (b'{"outcomes": []}', "/outcomes"),
        (batch(*[{}] * (MOST_OUTCOMES + 1)), "/outcomes"),
        (b'{"outcomes": [{}], "batch": 7}', "/batch"),
        (b'{"outcomes": [{}, {]}', ""),
        (b'{"outcomes": [{}, ' + b"[" * 50_000, ""),
        (b"{}", "/outcomes"),
    ],
    ids=["empty", "too many", "unknown field", "no JSON", "too deep", "no batch"],
)
def test_where_more_than_entries_is_wrong_no_entry_is_named(client, content, pointer) -> None:
    problem = refused(client, content)
    assert problem["pointer"] == pointer
    assert "errors" not in problem


def test_an_entry_that_is_no_utf8_is_named_too(client, shown) -> None:
    content = batch({}, shown | {"event_id": "?"}).replace(b'"?"', b'"\xff"')
    problem = refused(client, content)
    assert [it["pointer"] for it in problem["errors"]] == ["/outcomes/0/event_id", "/outcomes/1"]


def test_an_unknown_channel_is_answered_with_the_known_ones(client, shown) -> None:
    content = batch(shown | {"channel": "telegraph"})
    (result,) = client.post("/v1/outcomes", content=content).json()["results"]
    assert result["status"] == "rejected"
    decision = client.post("/v1/decisions", json=ASK | {"channel": "telegraph"}).json()
    assert result["detail"] == decision["detail"]
    assert "'telegraph': use one of mobile_app, sms" in result["detail"]
