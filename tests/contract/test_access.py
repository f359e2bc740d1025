"""Who is let in, over the real HTTP surface; what a refusal says and what it never says."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from service.api.authentication import Access
from service.api.operations import OPERATIONS
from service.domain.principal import AccessScope
from service.errors import NotAuthenticated
from service.settings import Settings
from tests.access_tokens import bearer
from tests.fakes import ASK, KNOWN
from tests.guarded_service import GuardedService

CLOSED = [operation for operation in OPERATIONS if not operation.is_open]
OPEN = [operation for operation in OPERATIONS if operation.is_open]
PLANTED = "zzq7planted"


@pytest.fixture
def service(tmp_path: Path) -> GuardedService:
    return GuardedService(tmp_path).with_issuer()


@pytest.mark.parametrize("operation", CLOSED, ids=lambda operation: operation.id)
def test_without_a_token_nothing_is_answered(client, operation) -> None:
    answer = client.request(operation.method, operation.path, json=operation.request_example)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["www-authenticate"] == 'Bearer realm="nbo"'
    assert answer.json()["type"] == "/problems/not-authenticated"
    assert 401 in operation.all_problems


@pytest.mark.parametrize("operation", OPEN, ids=lambda operation: operation.id)
def test_health_metrics_and_documentation_ask_for_no_token(client, operation) -> None:
    assert client.request(operation.method, operation.path).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/v1/nothing", "/", "/health/live/../../v1/models", "/health//live", "/metrics/x"],
)
def test_no_spelling_of_an_address_gets_past(client, path) -> None:
    assert client.get(path).status_code == 401


def test_head_and_options_ask_for_a_token_too(client) -> None:
    assert client.head("/v1/models").status_code == 401
    assert client.options("/v1/models").status_code == 401


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "bearer x y", f"Bearer {PLANTED}", PLANTED],
)
def test_what_is_no_good_token_is_refused_and_not_repeated(client, header) -> None:
    answer = client.post("/v1/decisions", json=ASK, headers={"Authorization": header})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    assert PLANTED not in answer.text + str(answer.headers)


def test_two_authorization_headers_are_refused(service, issuer) -> None:
    good = (b"authorization", f"Bearer {issuer.token()}".encode())
    access = service.access()

    async def ask() -> None:
        await service.keys.open()
        assert await access.principal([good])
        with pytest.raises(NotAuthenticated, match="more than one"):
            await access.principal([good, good])

    asyncio.run(ask())


def test_the_scheme_may_be_written_in_any_case(client, issuer) -> None:
    headers = {"authorization": f"bEARER {issuer.token()}"}
    assert client.get("/v1/models", headers=headers).status_code == 200


def test_a_good_token_is_answered(client, issuer) -> None:
    answer = client.post("/v1/decisions", json=ASK, headers=bearer(issuer.token("decide")))
    assert answer.status_code == 200, answer.text
    assert client.get("/v1/catalogue", headers=bearer(issuer.token(""))).status_code == 200


@pytest.mark.parametrize(
    ("scope", "is_told"), [("customer", False), ("decide", False), ("analyst", True)]
)
def test_what_an_offer_is_worth_to_the_bank_is_told_to_analysts_only(
    client, issuer, scope, is_told
) -> None:
    answer = client.get("/v1/catalogue", headers=bearer(issuer.token(scope))).json()
    for offer in answer["offers"]:
        assert (offer["value"] is not None, offer["lever"] is not None) == (is_told, is_told)


@pytest.mark.parametrize("operation", [o for o in CLOSED if o.needs], ids=lambda o: o.id)
def test_the_missing_scope_is_named(client, issuer, operation) -> None:
    others = [scope for scope in AccessScope if scope not in operation.needs]
    answer = client.request(
        operation.method,
        operation.path,
        json=operation.request_example,
        headers=bearer(issuer.token(" ".join(others), sub=PLANTED)),
    )
    assert answer.status_code == 403, answer.text
    assert operation.needs[0] in answer.json()["detail"]
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert f'scope="{operation.needs[0]}"' in answer.headers["www-authenticate"]
    assert PLANTED not in answer.text


def test_an_expired_token_is_told_so_and_no_log_holds_any_part_of_it(service, client) -> None:
    token = service.issuer.token(exp=time.time() - 600, sub=PLANTED)
    for header in (token, token[:-3], token.replace(".", "")):
        answer = client.post("/v1/decisions", json=ASK, headers=bearer(header))
        assert answer.status_code == 401
        said = answer.text + str(answer.headers)
        logged = service.toy.stream.getvalue().decode()
        for part in (*token.split("."), PLANTED, KNOWN):
            assert part not in said
            assert part not in logged
    assert "has expired" in client.get("/v1/models", headers=bearer(token)).json()["detail"]


def test_keys_that_never_came_are_our_fault_and_not_the_tokens(service) -> None:
    with service.client() as client:
        service.keys.keys = type(service.keys.keys)()
        answer = client.get("/v1/models", headers=bearer(service.issuer.token()))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["type"] == "/problems/dependency-unavailable"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("application/cloudevents+json", 200),
        ("", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("text/json", 415),
    ],
)
def test_a_browsers_body_that_is_said_to_be_no_json_is_refused(tmp_path, kind, status) -> None:
    body = b'{"customer_id":"c-15889","channel":"mobile_app"}'
    with GuardedService(tmp_path).client() as client:
        told = {"Content-Type": kind, "Origin": "http://localhost:3000"}
        answer = client.post("/v1/decisions", content=body, headers=told)
    assert answer.status_code == status
    if status == 415:
        assert answer.json()["type"] == "/problems/not-json"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain"])
def test_who_is_no_browser_may_call_the_body_what_it_likes(tmp_path, kind) -> None:
    body = b'{"customer_id":"c-15889","channel":"mobile_app"}'
    with GuardedService(tmp_path).client() as client:
        answer = client.post("/v1/decisions", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 200


def test_a_body_of_no_declared_kind_is_read(tmp_path) -> None:
    with GuardedService(tmp_path).client() as client:
        answer = client.post("/v1/decisions", content=b'{"customer_id":"c","channel":"mobile_app"}')
        assert "content-type" not in answer.request.headers
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("testserver.local", 200),
        ("nbo", 200),
        ("nbo.internal:8000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("127.0.0.5", 200),
        ("LOCALHOST", 200),
        ("evil.example", 421),
        ("evil.example:8000", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("127.0.0.1@evil.example", 421),
        ("[", 421),
        ("", 421),
    ],
)
def test_a_local_service_answers_only_when_it_is_called_by_its_own_name(
    tmp_path, host, status
) -> None:
    with GuardedService(tmp_path, own_host="127.0.0.5").client(Host=host) as client:
        assert client.post("/v1/decisions", json=ASK).status_code == status
        assert client.get("/health/ready").status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8000", 200),
        ("http://127.0.0.1:9", 200),
        ("https://evil.example", 421),
        ("null", 421),
    ],
)
def test_a_page_of_another_site_cannot_make_a_browser_ask(tmp_path, origin, status) -> None:
    service = GuardedService(tmp_path, own_host="localhost")
    with service.client(Host="localhost", Origin=origin) as client:
        assert client.post("/v1/decisions", json=ASK).status_code == status


def test_the_settings_decide_whether_names_are_looked_at() -> None:
    assert Access.of(Settings(), None).own_host == "127.0.0.1"
    assert Access.of(Settings(insecure=True), None).own_host is None
    assert Access.of(Settings(host="0.0.0.0", insecure=True), None).own_host is None
