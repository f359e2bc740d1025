"""Real bank history in, ranked offers out: real customers through the command line and HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from tests.e2e.running_bank import Installation, assert_explained, decide, offers_of

SHARED = Path(__file__).parents[3] / "shared" / "data" / "santander" / "acquirer_panel.parquet"
PANEL = Path(os.environ.get("NBO_SANTANDER_PANEL", SHARED))
CUSTOMERS = 1_000

pytestmark = pytest.mark.skipif(
    not PANEL.is_file(),
    reason="the acquirer panel may not be redistributed: name it in NBO_SANTANDER_PANEL",
)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The panel imported, featured and trained until March 2016."""
    bank = Installation(tmp_path_factory.mktemp("santander"))
    trained = ["--source", "santander", "--path", str(PANEL), "--train-until", "2016-03-28"]
    bank.run("train", *trained)
    return bank


@pytest.fixture(scope="module")
def client(installation: Installation) -> Iterator[httpx.Client]:
    """The service with the trained bundle promoted and every customer online."""
    newest = installation.run_json("models", "list")[-1]["bundle"]
    installation.run("models", "promote", newest)
    installation.run("features", "materialize")
    with installation.serve() as connected:
        yield connected


def holdings_of(months: pl.DataFrame) -> dict[str, set[str]]:
    """What every sampled customer held after each of her months, by customer id."""
    products = [name.removeprefix("prev_") for name in months.columns if name.startswith("prev_")]
    held: dict[str, set[str]] = {}
    for row in months.iter_rows(named=True):
        now = {p for p in products if row[f"prev_{p}"] or row[f"add_{p}"]}
        held[str(row["ncodpers"])] = now
    return held


def newest_customers() -> dict[str, set[str]]:
    """Customers of the newest month and what they held at its end."""
    panel = pl.read_parquet(PANEL)
    april = panel.filter(pl.col("month") == "2016-04-28")
    return holdings_of(april.sample(CUSTOMERS, seed=7))


def test_ranks_the_next_month_of_real_customers(installation: Installation) -> None:
    result = installation.run_json("evaluate", "--test-month", "2016-04-28")
    assert result["map_at_7"] >= 0.82
    assert result["popularity_map_at_7"] == pytest.approx(0.651, abs=0.002)
    assert result["customers"] == 26_736
    assert result["map_at_7"] > result["transition_map_at_7"] > 0


def test_refuses_to_be_tested_on_a_month_it_was_trained_on(installation: Installation) -> None:
    with pytest.raises(AssertionError, match="2016-03-28"):
        installation.run("evaluate", "--test-month", "2016-03-28")


def test_real_customers_get_three_offers_and_none_they_already_have(client: httpx.Client) -> None:
    served = 0
    for customer_id, held in newest_customers().items():
        answer = decide(client, customer_id)
        offers = offers_of(answer)
        assert answer["served_from"] == "full", answer["degraded_reasons"]
        assert not held & {offer["product_id"] for offer in offers}
        assert [offer["priority"] for offer in offers] == sorted(
            (offer["priority"] for offer in offers), reverse=True
        )
        served += len(offers) == 3
    assert served >= 0.95 * CUSTOMERS


@pytest.mark.parametrize("channel", ["mobile_app", "call_center", "email", "partner"])
def test_every_offer_withheld_from_real_customers_is_explained(
    client: httpx.Client, channel: str
) -> None:
    rules: set[str] = set()
    for customer_id in [*newest_customers()][:5]:
        answer = decide(client, customer_id, channel=channel, placements=None, explain=True)
        for withheld in answer["withheld"]:
            path = f"/v1/decisions/{answer['decision_id']}/why-not/{withheld['offer_id']}"
            assert_explained(client.get(path).raise_for_status().json(), withheld)
            rules.update(withheld["rules"])
    assert {"applicable", "not_already_held"} <= rules


def test_customers_of_a_long_past_month_are_not_taken_for_known(
    client: httpx.Client, installation: Installation
) -> None:
    panel = pl.read_parquet(PANEL)
    later = panel.filter(pl.col("month") > "2015-06-28")["ncodpers"].implode()
    gone = panel.filter(
        (pl.col("month") == "2015-06-28") & ~pl.col("ncodpers").is_in(later)
    ).sample(50, seed=7)
    for customer_id, held in holdings_of(gone).items():
        answer = decide(client, customer_id)
        assert answer["served_from"] == "context_only"
        assert "view_expired:product_holdings" in answer["degraded_reasons"]
        assert not held & {offer["product_id"] for offer in offers_of(answer)}
    shown = installation.run_json("features", "show", "--customer", customer_id)
    assert "view_expired:product_holdings" in shown["freshness"]["degraded_reasons"]
    assert 1.0 in shown["values"]["held"]
    assert shown["customer_columns"]["held_count"] is None


def test_an_unknown_customer_gets_only_what_asks_nothing_of_her(client: httpx.Client) -> None:
    answer: Any = decide(client, "nobody-we-know", explain=True)
    assert answer["served_from"] == "context_only"
    assert answer["degraded_reasons"] == ["customer_unknown"]
    assert len(offers_of(answer)) == 3
    assert all(offer["product_id"].startswith("service_") for offer in offers_of(answer))
    reasons = {offer["offer_id"]: offer["rules"] for offer in answer["withheld"]}
    notices = {"service_junior_conversion", "service_payment_holiday"}
    assert all("applicable" in reasons.pop(notice) for notice in notices)
    assert all("not_already_held" in rules for rules in reasons.values())
