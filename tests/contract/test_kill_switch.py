"""POST and GET /v1/kill-switch over the real HTTP surface."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from service.api.desk import STATE_KEY, Desk
from service.api.wire_kill_switch import KillSwitchesAnswer, KillSwitchSetAnswer
from service.domain.kill_switches import KillScope
from tests.access_tokens import Issuer, bearer
from tests.guarded_service import GuardedService
from tests.worlds import OFFERS

STOP = {"scope": "offer", "id": OFFERS[0], "active": True, "reason": "prospectus is wrong"}


@pytest.fixture
def service(tmp_path: Path) -> GuardedService:
    return GuardedService(tmp_path).with_issuer()


@pytest.fixture
def client(client: TestClient[Litestar], issuer: Issuer) -> TestClient[Litestar]:
    client.headers.update(bearer(issuer.token("kill", sub="duty-officer")))
    return client


def test_a_stop_is_answered_with_everything_that_is_stopped(client, service) -> None:
    answer = client.post("/v1/kill-switch", json=STOP)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    told = msgspec.convert(answer.json(), KillSwitchSetAnswer)
    assert (told.scope, told.id, told.active) == (KillScope.OFFER, OFFERS[0], True)
    assert [(one.id, one.principal) for one in told.switches] == [(OFFERS[0], "duty-officer")]
    state = msgspec.convert(client.get("/v1/kill-switch").json(), KillSwitchesAnswer)
    assert (state.version, state.switches) == (1, told.switches)
    (record,) = service.records
    assert (record.principal, record.reason) == ("duty-officer", "prospectus is wrong")
    desk: Desk = client.app.state[STATE_KEY]
    assert desk.make_decision.edition.kills.offers == {OFFERS[0]}


def test_lifting_leaves_nothing_stopped(client) -> None:
    client.post("/v1/kill-switch", json=STOP)
    answer = client.post("/v1/kill-switch", json=STOP | {"active": False}).json()
    assert (answer["active"], answer["switches"], answer["version"]) == (False, [], 2)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"scope": "customer"}, "/scope"),
        ({"id": ""}, "/id"),
        ({"id": "typo"}, "/id"),
        ({"active": "yes"}, "/active"),
        ({"reason": ""}, "/reason"),
        ({"reason": "x" * 501}, "/reason"),
        ({"until": "tomorrow"}, "/until"),
    ],
)
def test_a_broken_request_is_refused_with_a_pointer_and_stops_nothing(
    client, service, change, pointer
) -> None:
    answer = client.post("/v1/kill-switch", json=STOP | change)
    assert answer.status_code == 400
    assert answer.json()["pointer"] == pointer
    assert service.records == []


def test_an_unknown_id_is_answered_with_the_known_ones(client) -> None:
    detail = client.post("/v1/kill-switch", json=STOP | {"id": "typo"}).json()["detail"]
    assert all(offer in detail for offer in OFFERS)


def test_missing_fields_and_broken_bodies_are_problems(client) -> None:
    assert client.post("/v1/kill-switch", json={"scope": "offer"}).json()["pointer"] == "/id"
    for body in (b"", b"{", b"[]", b" " * 70_000):
        answer = client.post("/v1/kill-switch", content=body)
        assert answer.status_code in (400, 413)
        assert answer.headers["content-type"] == "application/problem+json"


def test_where_nobody_has_to_authenticate_the_record_says_local(tmp_path: Path) -> None:
    service = GuardedService(tmp_path)
    with service.client() as client:
        assert client.post("/v1/kill-switch", json=STOP).status_code == 200
    assert [record.principal for record in service.records] == ["local"]


def test_a_damaged_file_is_told_as_ours_to_mend(client, service) -> None:
    (service.folder / "policy").mkdir()
    (service.folder / "policy" / "kill_switches.json").write_bytes(b"{")
    for answer in (client.get("/v1/kill-switch"), client.post("/v1/kill-switch", json=STOP)):
        assert answer.status_code == 503
        assert "is damaged" in answer.json()["detail"]
