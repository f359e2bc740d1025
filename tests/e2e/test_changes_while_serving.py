"""What somebody changes while customers are served: stopped, adopted or refused in every worker
within a second, and nobody is turned away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.served_demo import Json, ServedDemo, good, shown
from tests.faults.http_load import Customers, Seen
from tests.faults.served_bank import logged, until

MOST_SECONDS = 1.0
WATCHED_SECONDS = 0.3
"""How long answers are watched after the second: some fifty of them, of both workers."""
ASKING = [f"C{number:07d}" for number in range(60, 100)]


@contextmanager
def watched(demo_bank: ServedDemo) -> Iterator[Seen]:
    """Customers who ask all the while; nobody is refused or lost."""
    port = demo_bank.service.port
    customers = Customers(port, ASKING, pause_seconds=0.01, mode="dry_run")
    with customers.asking() as seen:
        customers.wait()
        yield seen
    assert seen.statuses.keys() == {200}
    assert not seen.lost


def a_second_later(seen: Seen, since: float) -> list[Json]:
    """The answers that were given later than a second after this instant."""
    late = since + MOST_SECONDS
    until(lambda: time.monotonic() > late + WATCHED_SECONDS)
    # An answer that came just then was decided a little earlier.
    return [it.document for it in seen.since(late) if it.at - it.seconds >= late]


def test_a_stopped_offer_is_gone_everywhere_within_a_second(demo_bank: ServedDemo) -> None:
    customer, offer = "C0000060", min(shown(demo_bank.look("C0000060")))
    with watched(demo_bank) as seen:
        until(lambda: any(offer in shown(answer.document) for answer in seen.answers))
        since = time.monotonic()
        with demo_bank.stopped("offer", offer):
            late = a_second_later(seen, since)
            look = demo_bank.look(customer)
    before = [answer.document for answer in seen.answers if answer.at < since]
    assert any(offer in shown(answer) for answer in before)
    assert any(shown(answer) for answer in late)
    assert not any(offer in shown(answer) for answer in late)
    (denied,) = (it["rules"] for it in look["withheld"] if it["offer_id"] == offer)
    assert "not_killed" in denied


def test_a_stopped_group_takes_all_its_offers_along(demo_bank: ServedDemo) -> None:
    offers = good(demo_bank.service.get("/v1/catalogue"))["offers"]
    funds = {it["offer_id"] for it in offers if it["group"] == "funds"}
    with demo_bank.stopped("group", "funds"):
        until(lambda: not everyone(demo_bank, lambda it: funds & shown(it)))
        look = demo_bank.look("C0000061")
    killed = {it["offer_id"] for it in look["withheld"] if "not_killed" in it["rules"]}
    assert killed == funds


def everyone(demo_bank: ServedDemo, wanted: Callable[[Json], object]) -> list[Json]:
    """Which of some answers, of both workers, are as wanted."""
    return [answer for _ in range(8) if wanted(answer := demo_bank.look("C0000061"))]


def test_a_stopped_channel_offers_nothing_and_says_so(demo_bank: ServedDemo) -> None:
    before = shown(demo_bank.look("C0000060", channel="call_center"))
    with watched(demo_bank) as seen:
        since = time.monotonic()
        with demo_bank.stopped("channel", "mobile_app"):
            late = a_second_later(seen, since)
            by_phone = shown(demo_bank.look("C0000060", channel="call_center"))
            look = demo_bank.look("C0000060")
    assert by_phone == before
    assert before
    assert {answer["served_from"] for answer in late} == {"no_offer"}
    assert {place["no_offer_reason"] for place in look["placements"]} == {"killed"}
    assert "killed" in {place["no_offer_reason"] for it in late for place in it["placements"]}


def test_a_stopped_model_leaves_the_rates_per_segment(demo_bank: ServedDemo) -> None:
    model = demo_bank.look("C0000063")["versions"]["model"]
    with watched(demo_bank) as seen:
        since = time.monotonic()
        with demo_bank.stopped("model", model):
            late = a_second_later(seen, since)
    rungs = {answer["served_from"] for answer in late}
    assert "segment_prior" in rungs
    assert rungs <= {"segment_prior", "static", "no_offer"}
    static = [it["degraded_reasons"] for it in late if it["served_from"] == "static"]
    assert all("personalisation_off" in reasons for reasons in static)


def test_a_changed_catalogue_is_adopted_within_a_second(demo_bank: ServedDemo) -> None:
    before = demo_bank.look("C0000064")["versions"]
    with changed(demo_bank.catalogue / "offers.yaml") as change, watched(demo_bank) as seen:
        since = time.monotonic()
        change("    value: 60.0\n", "    value: 61.0\n")
        late = a_second_later(seen, since)
    versions = {answer["versions"]["catalogue"] for answer in late}
    assert len(versions) == 1
    assert before["catalogue"] not in versions
    until(lambda: not everyone(demo_bank, lambda it: it["versions"] != before))


def test_a_broken_catalogue_is_refused_with_its_line(demo_bank: ServedDemo) -> None:
    before = demo_bank.look("C0000065")["versions"]
    policy = demo_bank.catalogue / "policy.yaml"
    line = (
        policy.read_text(encoding="utf-8").splitlines().index("    loans: {eligibility: " + LOANS)
    )
    with changed(policy) as change, watched(demo_bank) as seen:
        since = time.monotonic()
        change("age <= 65", "aeg <= 65")
        late = a_second_later(seen, since)
        until(lambda: len(logged(demo_bank.service, "catalogue_refused")) == 2)
    assert {answer["versions"]["catalogue"] for answer in late} == {before["catalogue"]}
    assert {answer["versions"]["policy"] for answer in late} == {before["policy"]}
    for refused in logged(demo_bank.service, "catalogue_refused"):
        assert f"policy.yaml:{line + 1}" in refused["detail"]
        assert "aeg" in refused["detail"]


def test_a_folder_for_a_time_zone_is_refused_with_its_line_too(demo_bank: ServedDemo) -> None:
    before = demo_bank.look("C0000065")["versions"]
    known = len(logged(demo_bank.service, "catalogue_refused"))
    with changed(demo_bank.catalogue / "policy.yaml") as change:
        change("time_zone: Asia/Shanghai", "time_zone: America")
        until(lambda: len(logged(demo_bank.service, "catalogue_refused")) == known + 2)
        assert demo_bank.look("C0000065")["versions"] == before
    for refused in logged(demo_bank.service, "catalogue_refused")[known:]:
        assert "policy.yaml:2: time_zone America is unknown" in refused["detail"]
    assert not logged(demo_bank.service, "background_work_failed")


LOANS = "age <= 65 and income_monthly > 3000}"


@contextmanager
def changed(file: Path) -> Iterator[Callable[[str, str], None]]:
    """A way to change a file once; as it was before at the end."""
    before = file.read_text(encoding="utf-8")

    def change(words: str, others: str) -> None:
        assert words in before
        file.write_text(before.replace(words, others, 1), encoding="utf-8")

    try:
        yield change
    finally:
        file.write_text(before, encoding="utf-8")


def test_what_was_decided_under_another_catalogue_is_replayed_under_it(
    demo_bank: ServedDemo,
) -> None:
    before = demo_bank.decide("C0000066")
    with changed(demo_bank.catalogue / "policy.yaml") as change:
        change("grow: 1.0", "grow: 1.3")
        until(lambda: not everyone(demo_bank, lambda it: it["versions"] == before["versions"]))
        between = demo_bank.decide("C0000066")
    until(lambda: not everyone(demo_bank, lambda it: it["versions"] != before["versions"]))
    for answer in (before, between):
        replayed = good(demo_bank.service.post(f"/v1/decisions/{answer['decision_id']}/replay"))
        assert replayed["equal"], replayed["differences"]
        assert replayed["versions"] == answer["versions"]
    assert before["versions"]["policy"] != between["versions"]["policy"]


@pytest.mark.parametrize("scope", ["offer", "group", "model", "channel"])
def test_what_nobody_knows_cannot_be_stopped(demo_bank: ServedDemo, scope: str) -> None:
    asked = {"scope": scope, "id": "nothing", "active": True, "reason": "a test"}
    answer = demo_bank.service.post("/v1/kill-switch", asked)
    assert answer.status_code == 400
    assert answer.json()["pointer"] == "/id"
