"""POST /v1/decisions over the real HTTP surface, on a toy bank."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from service.api.wire import DecisionAnswer
from service.domain.consent import ConsentRecord, ConsentStatus
from tests.fakes import (
    ASK,
    KNOWN,
    UNREACHABLE,
    BrokenCustomerStore,
    FakeCustomerStore,
    ToyService,
    toy_record,
)
from tests.toy_release import toy_edition


def decide(client: TestClient[Litestar], **changes: object) -> dict[str, Any]:
    answer = client.post("/v1/decisions", json=ASK | changes)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_answers_with_ranked_offers_in_exactly_the_documented_shape(client) -> None:
    answer = decide(client, request_id="r-1")
    msgspec.convert(answer, DecisionAnswer)
    assert answer["request_id"] == "r-1"
    assert (answer["served_from"], answer["arm"]) == ("full", "champion")
    assert [place["id"] for place in answer["placements"]] == ["login_banner", "home_feed"]
    best = answer["placements"][0]["offers"][0]
    assert best["offer_id"] == "buy_fund"
    assert best["priority"] == pytest.approx(0.2 * 30.0)
    assert set(best) == {
        "rank", "offer_id", "offer_version", "product_id", "treatment", "tracking_token",
        "propensity", "value", "context_weight", "lever", "priority", "selection_probability",
        "reasons",
    }  # fmt: skip
    assert [o["rank"] for o in answer["placements"][1]["offers"]] == [1, 2, 3]


def test_an_answer_is_never_stored_and_expires_ten_minutes_from_wall_time(client) -> None:
    answer = client.post("/v1/decisions", json=ASK)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["expires_at"] == "2030-01-01T12:10:00Z"


def test_every_decision_has_its_own_id_and_a_request_id_is_made_when_absent(client) -> None:
    first, second = decide(client), decide(client)
    ids = {first["decision_id"], second["decision_id"], first["request_id"]}
    assert len(ids) == 3
    assert all(len(one) == 26 for one in ids)


def test_a_tracking_token_names_its_decision_and_offer_to_the_signer_only(client, service) -> None:
    answer = decide(client)
    offer = answer["placements"][0]["offers"][0]
    named = service.tokens.read(offer["tracking_token"])
    assert named == (answer["decision_id"], offer["offer_id"])


def test_every_documented_field_is_accepted(client) -> None:
    answer = decide(
        client,
        placements=[{"id": "home_feed", "limit": 2}],
        context={"trigger": "login", "intent": "borrow", "device": "ios"},
        locale="zh-CN",
        on_behalf_of={"agent_id": "A17", "call_id": "c-9"},
        mode="dry_run",
        explain=False,
        request_id="mine",
    )
    assert len(answer["placements"][0]["offers"]) == 2


def test_limits_default_to_the_channels_own(client) -> None:
    answer = decide(client, placements=[{"id": "home_feed"}])
    assert len(answer["placements"][0]["offers"]) == 3


def test_a_stranger_gets_only_what_asks_nothing_of_her(client) -> None:
    answer = decide(client, customer_id="nobody-we-know", explain=True)
    assert answer["served_from"] == "context_only"
    offers = [o["offer_id"] for place in answer["placements"] for o in place["offers"]]
    assert offers == ["visit_us"]
    assert answer["placements"][1]["no_offer_reason"] == "consent"


def test_an_unreachable_store_is_an_empty_answer_and_no_error() -> None:
    service = ToyService(FakeCustomerStore({KNOWN: UNREACHABLE}))
    with TestClient(service.app()) as client:
        answer = decide(client)
    assert answer["served_from"] == "no_offer"
    assert {place["no_offer_reason"] for place in answer["placements"]} == {"state_unavailable"}
    assert answer["degraded_reasons"] == ["state_unavailable"]


def test_without_a_model_numbers_that_nobody_knows_are_null() -> None:
    service = ToyService(FakeCustomerStore({KNOWN: toy_record()}), edition=toy_edition(None))
    with TestClient(service.app()) as client:
        answer = decide(client)
    best = answer["placements"][0]["offers"][0]
    assert (answer["served_from"], answer["versions"]["model"]) == ("static", None)
    assert (best["propensity"], best["priority"]) == (None, None)
    assert best["value"] == 10.0


def test_personalisation_refused_means_the_banks_own_order() -> None:
    refused_consent = ConsentRecord({"*/personalisation": ConsentStatus.REFUSED})
    record = replace(toy_record(), consents=refused_consent)
    with TestClient(ToyService(FakeCustomerStore({KNOWN: record})).app()) as client:
        answer = decide(client)
    assert answer["placements"][0]["offers"][0]["offer_id"] == "open_account"


def test_withheld_offers_are_told_to_agents_and_on_request_only(client) -> None:
    assert decide(client)["withheld"] is None
    for ask in ({"explain": True}, {"on_behalf_of": {"agent_id": "A17"}}):
        told = {offer["offer_id"]: offer for offer in decide(client, **ask)["withheld"]}
        assert told["get_card"]["first_rule"] == "minimum_age"
        assert told["partner_cover"]["rules"] == ["consent_given"]
        assert "age" in told["get_card"]["text"]


def treatments(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The words of all offers; there are some."""
    told = [offer["treatment"] for place in answer["placements"] for offer in place["offers"]]
    assert told
    return told


def test_withheld_texts_speak_the_asked_locale(client) -> None:
    told = decide(client, explain=True, locale="zh-CN")["withheld"]
    assert {offer["text"] for offer in told} >= {"客户未达到最低年龄，或年龄未知。"}


def test_a_language_nobody_wrote_for_is_answered_in_english(client) -> None:
    told = decide(client, explain=True, locale="tlh")
    assert {words["locale"] for words in treatments(told)} == {"en"}
    assert told["withheld"] == decide(client, explain=True, locale="en")["withheld"]


def test_a_locale_of_the_same_language_is_good_enough(client) -> None:
    assert {words["locale"] for words in treatments(decide(client, locale="en-GB"))} == {"en"}
    assert {words["locale"] for words in treatments(decide(client, locale="zh-TW"))} == {"zh-CN"}


def test_an_offer_without_words_is_left_out_and_the_place_says_why(service) -> None:
    catalogue = replace(service.edition.catalogue, treatments={("buy_fund", "en", "*"): None})
    silent = replace(service, edition=replace(service.edition, catalogue=catalogue))
    with TestClient(silent.app()) as client:
        answer = decide(client)
    assert {p["no_offer_reason"] for p in answer["placements"]} == {"nothing_eligible"}


def test_failures_are_problems_without_trace_or_customer(service) -> None:
    broken = ToyService(BrokenCustomerStore())
    with TestClient(broken.app(), raise_server_exceptions=False) as client:
        answer = client.post("/v1/decisions", json=ASK)
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/internal-error"
    assert KNOWN not in answer.text + broken.stream.getvalue().decode()
    assert "Traceback" not in answer.text
    line = broken.log_lines()[0]
    assert (line["event"], line["error"]) == ("request_failed", "RuntimeError")


def test_one_log_line_per_decision_and_no_customer_in_it(client, service) -> None:
    answer = decide(client)
    (line,) = service.log_lines()
    assert line["event"] == "decision"
    assert line["decision_id"] == answer["decision_id"]
    assert line["offers"] == 4
    assert KNOWN not in service.stream.getvalue().decode()


def test_the_same_question_gets_the_same_slate(client) -> None:
    first, second = decide(client)["placements"], decide(client)["placements"]
    for place in (*first, *second):
        for offer in place["offers"]:
            offer.pop("tracking_token")
    assert first == second


def test_no_number_on_the_wire_is_not_a_number(client) -> None:
    with np.errstate(all="raise"):
        assert "NaN" not in client.post("/v1/decisions", json=ASK | {"explain": True}).text
