"""A bank's policy as its callers meet it: on record, explained, counted, told once and in every
channel.
"""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from feature_repo.contact_layout import ContactEvent, decision_key
from service.domain.ulid import new_ulid
from tests.e2e.running_bank import assert_explained, offers_of
from tests.e2e.served_demo import LIMITS, PLACES, Json, ServedDemo, good, shown
from tests.faults.served_bank import logged

LOGINS = 8
CHANNELS = ("mobile_app", "call_center", "branch", "sms", "partner")


def at_once(ask: list[Any]) -> list[httpx.Response]:
    """The answers to questions asked at the same instant, each on a connection of its own."""
    gate = threading.Barrier(len(ask))

    def waiting(question: Any) -> httpx.Response:
        gate.wait()
        answer: httpx.Response = question()
        return answer

    with ThreadPoolExecutor(len(ask)) as threads:
        return list(threads.map(waiting, ask))


def test_a_decision_is_on_record_and_decided_again_to_the_bit(demo_bank: ServedDemo) -> None:
    for number in range(5):
        answer = demo_bank.decide(f"C{number:07d}", explain=True)
        told = good(demo_bank.decision(answer))
        assert told["served_from"] == answer["served_from"]
        assert told["versions"] == answer["versions"]
        placed = {place["id"]: place["offers"] for place in told["placements"]}
        for place in answer["placements"]:
            recorded = placed[place["id"]]
            for offer, record in zip(place["offers"], recorded, strict=True):
                assert record["offer_id"] == offer["offer_id"]
                assert record["priority"] == offer["priority"]
                assert record["reasons"] == offer["reasons"]
        assert any(offer["reasons"] for offer in offers_of(answer))
        replayed = good(demo_bank.service.post(f"/v1/decisions/{answer['decision_id']}/replay"))
        assert replayed["equal"], replayed["differences"]


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_withheld_offer_is_explained(demo_bank: ServedDemo, channel: str) -> None:
    answer = demo_bank.decide("C0000010", channel=channel, explain=True)
    withheld = {one["offer_id"]: one for one in answer["withheld"]}
    catalogue = good(demo_bank.service.get("/v1/catalogue"))
    assert withheld
    for offer in (one["offer_id"] for one in catalogue["offers"]):
        told = demo_bank.why_not(answer, offer)
        if offer in withheld:
            assert_explained(told, withheld[offer])
        else:
            assert told["was_offered"] == (offer in shown(answer))
            assert told["was_offered"] or told["outranked"]


def test_the_same_request_is_answered_byte_for_byte_and_another_refused(
    demo_bank: ServedDemo,
) -> None:
    first = demo_bank.service.decide("C0000020", request_id="twice")
    again = demo_bank.service.decide("C0000020", request_id="twice")
    assert good(first) == good(again)
    assert first.content == again.content
    for change in ({"locale": "zh-CN"}, {"explain": True}):
        other = demo_bank.service.decide("C0000020", request_id="twice", **change)
        assert other.status_code == 409
        assert other.headers["content-type"] == "application/problem+json"


def test_one_request_sent_at_the_same_instant_has_one_answer(demo_bank: ServedDemo) -> None:
    def ask() -> httpx.Response:
        return demo_bank.service.decide("C0000021", request_id="at once")

    before = len(demo_bank.histories()["C0000021"])
    answers = at_once([ask] * LOGINS)
    assert len({answer.content for answer in answers}) == 1
    handed_out = len(offers_of(good(answers[0])))
    assert len(demo_bank.histories()["C0000021"]) == before + handed_out > before


def test_parallel_logins_share_the_caps(demo_bank: ServedDemo) -> None:
    def login(number: int) -> Any:
        return lambda: demo_bank.service.decide("C0000022", request_id=f"login {number}")

    answers = [good(answer) for answer in at_once([login(number) for number in range(LOGINS)])]
    services = not_counted(demo_bank)
    places = {name: [at(name, answer) - services for answer in answers] for name in PLACES}
    everywhere = [offers for shown_in in places.values() for offers in shown_in]
    handed_out = Counter(offer for offers in everywhere for offer in offers)
    assert 0 < max(handed_out.values()) <= LIMITS["offer_week"]
    assert handed_out.total() <= LIMITS["marketing_day"]
    assert sum(map(bool, places["login_banner"])) <= LIMITS["banner_day"]
    # The caps were met, and whoever came too late was told.
    reasons = {place["no_offer_reason"] for it in answers for place in it["placements"]}
    assert "capped" in reasons


def at(name: str, answer: Json) -> set[str]:
    """Ids of the offers in one place of an answer."""
    (place,) = (it for it in answer["placements"] if it["id"] == name)
    return {offer["offer_id"] for offer in place["offers"]}


def not_counted(demo_bank: ServedDemo) -> set[str]:
    """Offers no cap counts."""
    text = (demo_bank.catalogue / "offers.yaml").read_text(encoding="utf-8")
    entries = text.split("  - id: ")[1:]
    return {entry.split()[0] for entry in entries if "lane: " in entry}


def test_what_she_rejects_is_gone_from_every_channel_at_once(demo_bank: ServedDemo) -> None:
    offer, customer = offered_in_both(demo_bank)
    answer = demo_bank.decide(customer)
    assert offer in shown(answer)
    assert demo_bank.report(answer, offer, "reject", reason="too_expensive")["status"] == "accepted"
    call = demo_bank.decide(customer, channel="call_center", explain=True)
    assert offer not in shown(call)
    told = demo_bank.why_not(call, offer)
    cooling = {rule["code"]: rule for rule in told["rules"]}["not_cooling_down"]
    assert "reject" in cooling["seen"]
    as_of = datetime.fromisoformat(good(demo_bank.decision(call))["as_of"])
    days = (datetime.fromisoformat(cooling["possible_from"]) - as_of) / timedelta(days=1)
    assert 89.9 < days <= 90.1


def offered_in_both(demo_bank: ServedDemo) -> tuple[str, str]:
    """An offer, and a customer who is shown it in the app and may be told it by phone."""
    for number in range(30, 60):
        customer = f"C{number:07d}"
        call = demo_bank.look(customer, channel="call_center")
        app = shown(demo_bank.look(customer)) & shown(call)
        if app:
            return min(app), customer
    raise AssertionError("nobody is offered the same in both channels")


def test_outcomes_count_once_and_only_for_offers_that_were_made(demo_bank: ServedDemo) -> None:
    answer = demo_bank.decide("C0000023")
    offer = min(shown(answer))
    first = demo_bank.report(answer, offer, "impression")
    same = demo_bank.report(answer, offer, "impression", event_id=first["sent"]["event_id"])
    again = demo_bank.report(answer, offer, "impression")
    assert [it["status"] for it in (first, same, again)] == ["accepted", "duplicate", "duplicate"]
    stranger: Json = {"decision_id": new_ulid(datetime.now(UTC))}
    assert demo_bank.report(stranger, offer, "click")["status"] == "quarantined"
    late = (datetime.now(UTC) + timedelta(minutes=6)).isoformat()
    early = demo_bank.report(answer, offer, "click", occurred_at=late)
    other = demo_bank.report(answer, "nothing", "click")
    assert [early["status"], other["status"]] == ["rejected", "rejected"]
    assert early["detail"]
    assert other["detail"]


def test_nothing_counts_as_seen_before_it_was_decided(demo_bank: ServedDemo) -> None:
    answer = demo_bank.decide("C0000025")
    yesterday = (datetime.now(UTC) - timedelta(hours=23)).isoformat()
    heard = demo_bank.report(answer, min(shown(answer)), "impression", occurred_at=yesterday)
    assert heard["status"] == "accepted"
    history = demo_bank.histories()["C0000025"]
    told = history[history["decision"] == decision_key(answer["decision_id"])]
    assert {ContactEvent.DECISION, ContactEvent.IMPRESSION} == set(told["event"])
    assert len(set(told["at"])) == 1


def test_a_dry_run_leaves_no_trace(demo_bank: ServedDemo) -> None:
    before = demo_bank.histories()["C0000024"].tobytes()
    answer = demo_bank.look("C0000024", request_id="dry")
    assert shown(answer)
    assert demo_bank.decision(answer).status_code == 404
    assert demo_bank.histories()["C0000024"].tobytes() == before
    live = demo_bank.decide("C0000024", request_id="dry")
    assert live["decision_id"] != answer["decision_id"]
    assert shown(live) == shown(answer)


def test_nobody_is_named_in_what_is_logged(demo_bank: ServedDemo) -> None:
    assert logged(demo_bank.service, "decision")
    assert "C00000" not in demo_bank.service.log
