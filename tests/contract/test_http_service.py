"""Health, metrics, inventory, documentation and refusals over the real HTTP surface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from litestar.routes import ASGIRoute
from litestar.testing import TestClient

from service.api.openapi import build_document
from service.api.operations import OPERATIONS
from service.api.readiness import Readiness
from service.api.wire import Problem
from tests.fakes import ASK, FakeCustomerStore, ToyService


def test_live_and_ready_answer_when_everything_is_warm(client) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    names = [check["name"] for check in answer.json()["checks"]]
    assert names == ["catalogue", "model", "store_policy", "features", "warm_up"]


def test_not_ready_is_a_problem_that_lists_the_failed_check() -> None:
    readiness = Readiness()
    readiness.report("model", passed=False, detail="bundle b: model was altered: train again")
    service = ToyService(FakeCustomerStore({}), readiness=readiness)
    with TestClient(service.app()) as client:
        answer = client.get("/health/ready")
        assert client.get("/health/live").status_code == 200
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    details = [check["detail"] for check in answer.json()["checks"]]
    assert "bundle b: model was altered: train again" in details


def test_a_check_nobody_declared_cannot_be_reported() -> None:
    with pytest.raises(KeyError, match="known are"):
        Readiness().report("mood", passed=True, detail="")


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/v1/nothing", 404, "not-found"),
        ("GET", "/v1/decisions", 405, "method-not-allowed"),
        ("DELETE", "/v1/catalogue", 405, "method-not-allowed"),
    ],
)
def test_addresses_and_methods_that_do_not_exist_are_problems(
    client, method, path, status, slug
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["type"] == f"/problems/{slug}"


@pytest.mark.parametrize("path", ["{unknown}", "{unknown}/why-not/get_card", "{known}/why-not/x"])
def test_what_is_not_on_record_is_called_so_and_no_wrong_address(client, path) -> None:
    decided = client.post("/v1/decisions", json=ASK).json()["decision_id"]
    names = {"unknown": "01JG7Y8Q3V5W2X4Z6A8B0C1D2E", "known": decided}
    answer = client.get(f"/v1/decisions/{path.format(**names)}")
    assert answer.status_code == 404
    problem = answer.json()
    assert problem["type"] == "/problems/not-on-record"
    assert problem["title"] == "No such decision, or no such offer in it, is on record"
    assert "no such" in problem["detail"]


GETS = [o.path for o in OPERATIONS if o.method == "get" and not o.path_parameters]


@pytest.mark.parametrize("path", GETS)
def test_head_answers_what_get_would_without_the_body(client, path) -> None:
    with_body, without = client.get(path), client.head(path)
    assert without.status_code == with_body.status_code == 200
    assert without.headers["content-type"] == with_body.headers["content-type"]
    assert without.content == b""


def test_a_refused_method_is_told_those_there_are(client) -> None:
    assert client.post("/v1/models").headers["allow"] == "GET, OPTIONS, HEAD"
    assert client.head("/v1/decisions").status_code == 405
    assert client.head("/v1/decisions").headers["allow"] == "POST"


def test_metrics_say_their_media_type_once(client) -> None:
    assert client.get("/metrics").headers["content-type"].count("charset") == 1


def test_a_body_over_the_limit_is_refused_before_it_is_read(client) -> None:
    answer = client.post("/v1/decisions", content=b" " * 70_000)
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/request-too-large"


def test_the_catalogue_is_told_with_titles_and_reject_reasons(client) -> None:
    answer = client.get("/v1/catalogue").json()
    assert answer["channels"]["mobile_app"] == {"login_banner": 1, "home_feed": 3}
    assert answer["offers"][0]["title"] == {"en": "Title", "zh-CN": "Title"}
    assert {reason["code"] for reason in answer["reject_reasons"]} >= {"too_expensive"}
    assert all({"en", "zh-CN"} <= set(reason["text"]) for reason in answer["reject_reasons"])


def test_models_say_which_is_promoted_and_which_is_in_use(client) -> None:
    models = client.get("/v1/models").json()["models"]
    assert models == [
        {"model": "toy-0", "champion": False, "in_use": False},
        {"model": "toy-1", "champion": True, "in_use": True},
    ]


def test_every_route_is_documented_and_every_documented_operation_exists(service) -> None:
    routes = {
        (method.lower(), route.path_format)
        for route in service.app().routes
        # Decisions are answered by a plain ASGI handler, which looks at the method itself.
        for method in (["POST"] if isinstance(route, ASGIRoute) else route.methods)
        if method != "OPTIONS"
    }
    assert routes == {(operation.method, operation.path) for operation in OPERATIONS}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_every_operation_has_an_example_its_own_types_accept(operation) -> None:
    if operation.request_type is not None:
        msgspec.convert(operation.request_example, operation.request_type)
    if operation.answer_type not in (None, dict):
        converted = msgspec.convert(operation.answer_example, operation.answer_type)
        assert msgspec.to_builtins(converted) == operation.answer_example


def test_the_documented_request_works_as_it_stands(client) -> None:
    document = client.get("/schema/openapi.json").json()
    post = document["paths"]["/v1/decisions"]["post"]
    example = post["requestBody"]["content"]["application/json"]["example"]
    assert client.post("/v1/decisions", json=example).status_code == 200


def test_the_document_is_openapi_3_1_with_an_example_everywhere_and_no_loose_reference() -> None:
    document = build_document()
    assert document["openapi"] == "3.1.0"
    schemas = document["components"]["schemas"]
    assert schemas["DecisionRequest"]["additionalProperties"] is False
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas
    for path in document["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                assert all("example" in content for content in response["content"].values())


def test_the_page_shows_every_operation_without_fetching_anything(client) -> None:
    page = client.get("/schema")
    assert page.headers["content-type"].startswith("text/html")
    assert all(operation.path in page.text for operation in OPERATIONS)
    assert "http://" not in page.text
    assert "https://" not in page.text


def test_problem_examples_are_problems() -> None:
    for path in build_document()["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                problem = response["content"].get("application/problem+json")
                if problem:
                    msgspec.convert(problem["example"], Problem)


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)
