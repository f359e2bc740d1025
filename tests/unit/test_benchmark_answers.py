"""Only right answers count, and a wrong one says what was wrong with it."""

from __future__ import annotations

import msgspec
import pytest

from benchmarks.answer_checks import check_of
from benchmarks.floor import ANSWER
from benchmarks.questions import Target, body, encoded_requests, random_customers
from service.api.wire import DecisionRequest

FULL = (
    b'{"decision_id":"x","served_from":"full","degraded_reasons":[],'
    b'"placements":[{"id":"home_feed","no_offer_reason":null,"offers":[{"rank":1}]}]}'
)


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        ("hello", b'{"hello":"world"}'),
        ("naive", b'{"customer_id":"C1","offers":[{"offer_id":"o"}]}'),
        ("feast", b'{"results":[{"values":["C1"],"statuses":["PRESENT"]}]}'),
        ("decisions", FULL),
        ("least", ANSWER),
    ],
)
def test_a_right_answer_is_no_error(target: Target, answer: bytes) -> None:
    assert check_of(target)(b"200", answer) is None
    assert check_of(target)(b"503", answer) == "status 503"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (FULL.replace(b'"full"', b'"stale"'), "stale "),
        (FULL.replace(b"[],", b'["view_missing:contact_history"],'),
         "full view_missing:contact_history"),
        (FULL.replace(b'[{"rank":1}]', b"[]"), "full without offers"),
        (FULL[:-1], "full without offers"),
        (b"", "? ?"),
    ],
)  # fmt: skip
def test_a_decision_that_is_not_full_is_an_error_with_its_reason(answer: bytes, error: str) -> None:
    assert check_of("decisions")(b"200", answer) == error


def test_features_that_were_not_found_are_an_error() -> None:
    answer = b'{"results":[{"statuses":["PRESENT"]},{"statuses":["NOT_FOUND"]}]}'
    assert check_of("feast")(b"200", answer) == "features not found"


def test_every_peer_is_asked_for_the_same_customers() -> None:
    customers = random_customers(50, 1_000)
    assert customers == random_customers(50, 1_000)
    for target in ("naive", "feast", "decisions", "least"):
        requests = encoded_requests(target, customers)
        assert all(
            f'"{c}"'.encode() in request for c, request in zip(customers, requests, strict=True)
        )


def test_the_service_understands_what_it_is_asked() -> None:
    asked = msgspec.json.decode(body("decisions", "C0000001"), type=DecisionRequest)
    assert asked.customer_id == "C0000001"
    assert asked.mode == "live"
