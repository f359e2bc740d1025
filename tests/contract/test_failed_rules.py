"""A rule that raises permits nothing, and whoever asks why is told so, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from service.domain.columns import Mask
from service.domain.situation import Situation
from service.pipeline.stages import Explanation
from service.rules.minimum_age import MinimumAge
from service.rules.within_risk_capacity import WithinRiskCapacity
from tests.fakes import FakeCustomerStore, ToyService, toy_record
from tests.toy_release import toy_edition, toy_release

KNOWN = "c-15889"
ASK = {"customer_id": KNOWN, "channel": "mobile_app", "locale": "en"}
CODE = WithinRiskCapacity.code


class FailsAlways(WithinRiskCapacity):
    """Cannot be evaluated."""

    def permits(self, situation: Situation) -> Mask:
        raise OverflowError("days=99999999999; must have magnitude <= 999999999")

    def explain(self, situation: Situation, row: int) -> Explanation:
        raise OverflowError("days=99999999999; must have magnitude <= 999999999")


class FailsWhileDeciding(WithinRiskCapacity):
    """Can be explained all the same."""

    def permits(self, situation: Situation) -> Mask:
        raise OverflowError

    def explain(self, situation: Situation, row: int) -> Explanation:
        return Explanation(True, "capacity 5", "capacity 2 or more")


class FailsToExplain(WithinRiskCapacity):
    """Denies, and cannot say why."""

    def permits(self, situation: Situation) -> Mask:
        return ~situation.catalogue.everything

    def explain(self, situation: Situation, row: int) -> Explanation:
        raise OverflowError


@pytest.fixture(params=[FailsAlways, FailsWhileDeciding, FailsToExplain])
def client(request: pytest.FixtureRequest) -> Iterator[TestClient[Litestar]]:
    edition = toy_edition(toy_release())
    rules = [it for it in edition.pipeline.rules if it.code != CODE]
    pipeline = replace(edition.pipeline, rules=(*rules, request.param()))
    store = FakeCustomerStore({KNOWN: toy_record()})
    service = ToyService(store, edition=replace(edition, pipeline=pipeline))
    with TestClient(service.app(), raise_server_exceptions=False) as connected:
        yield connected


def why_not(client: TestClient[Litestar], offer: str, locale: str = "en") -> dict[str, Any]:
    decided = client.post("/v1/decisions", json=ASK | {"locale": locale}).json()
    assert [place["offers"] for place in decided["placements"]] == [[], []]
    answer = client.get(f"/v1/decisions/{decided['decision_id']}/why-not/{offer}")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_failed_rule_denies_and_is_told_as_failed(client: TestClient[Litestar]) -> None:
    told = why_not(client, "buy_fund")
    (denial,) = told["rules"]
    assert told["first_rule"] == denial["code"] == CODE
    assert denial["seen"] == "the rule failed"
    assert "The rule failed" in denial["text"]
    assert denial["possible_from"] is None
    assert told["possible_from"] is None
    assert not told["was_offered"]
    assert "失败" in why_not(client, "buy_fund", locale="zh-CN")["rules"][0]["text"]


def test_the_other_rules_against_it_are_told_as_ever(client: TestClient[Litestar]) -> None:
    told = why_not(client, "get_card")
    age, failed = told["rules"]
    assert (age["code"], age["seen"]) == (MinimumAge.code, "unknown")
    assert age["text"] == MinimumAge.text["en"]
    assert failed["code"] == CODE
