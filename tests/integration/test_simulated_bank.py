"""A simulated bank as a whole: its bytes, its facts, and the truth that explains them."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timezone

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from model_registry.home import Home
from training.evaluation.oracle import Oracle
from training.simulated_bank.errors import TruthUnavailable
from training.simulated_bank.simulate import SimulationConfig, simulate_bank
from training.tables.store import TableStore

CUSTOMERS, DAYS = 1500, 153  # 1 June to 31 October 2026: five snapshots
CONFIG = SimulationConfig(customers=CUSTOMERS, days=DAYS, seed=7)
CHANNELS = ("mobile_app", "call_center", "sms", "wechat", "email", "branch")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("bank"))
    simulate_bank(CONFIG, home)
    return home


@pytest.fixture(scope="module")
def table(home):
    store = TableStore(home)
    return lambda name: store.scan(name).collect()


@pytest.fixture(scope="module")
def oracle(home):
    return Oracle(home)


@pytest.fixture(scope="module")
def everybody(table):
    return table("customers")["customer_id"].unique().sort().to_list()


@pytest.fixture(scope="module")
def active(table):
    """Active customers who were there from the first day."""
    first = table("customers").filter(pl.col("is_active"), pl.col("joined_on") < date(2026, 6, 1))
    return first.select("customer_id").unique()


def digests(home):
    files = [path for folder in (home.tables, home.truth) for path in sorted(folder.iterdir())]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_seed_same_bytes_and_another_seed_other_bytes(tmp_path):
    small = {"customers": 300, "days": 92}
    homes = [Home(tmp_path / name) for name in ("a", "b", "c")]
    for home, seed in zip(homes, (5, 5, 6), strict=True):
        simulate_bank(SimulationConfig(**small, seed=seed), home)
    first, again, other = map(digests, homes)
    assert first == again
    assert homes[0].bank().fingerprint == homes[1].bank().fingerprint
    unchanged = {name for name in first if other.get(name) == first[name]}
    assert unchanged == {"products.parquet"}


def test_the_bank_is_identified_with_its_months(home):
    bank = home.bank()
    assert (bank.bank, bank.currency) == ("simulated", "CNY")
    assert bank.snapshot_dates[0] == date(2026, 6, 30)
    assert bank.label_months == bank.snapshot_dates[1:]
    assert bank.data_until == date(2026, 10, 31)
    assert 30 <= len(bank.product_vocabulary) <= 40
    assert not bank.quarantined


@pytest.mark.parametrize(
    ("name", "instant", "fewest", "most", "mean"),
    [
        ("transactions", "occurred_at", 30, 60, (38, 48)),
        ("events", "occurred_at", 10, 20, (12, 17)),
        ("contacts", "shown_at", 0, 8, (3.5, 4.5)),
    ],
)
def test_an_active_customer_has_a_plausible_month(table, active, name, instant, fewest, most, mean):
    month = pl.col(instant).dt.convert_time_zone("Asia/Shanghai").dt.truncate("1mo")
    counts = table(name).join(active, on="customer_id").group_by("customer_id", month).len()["len"]
    assert counts.min() >= fewest
    assert counts.max() <= most
    assert mean[0] <= counts.sum() / (5 * active.height) <= mean[1]


def test_a_started_salary_is_paid_from_its_month_on(table, active):
    salaries = table("transactions").filter(pl.col("category") == "salary")
    assert (salaries["amount"] > 0).all()
    months = (
        salaries.join(active, on="customer_id")
        .group_by("customer_id")
        .agg(pl.col("occurred_at").dt.month().sort().alias("months"))
    )
    starters = months.filter(pl.col("months").list.first() > 6)
    assert starters.height > 20
    retirees = table("transactions").filter(pl.col("category") == "pension")["customer_id"].unique()
    for paid in starters.filter(~pl.col("customer_id").is_in(retirees.implode()))["months"]:
        assert paid.to_list() == list(range(paid[0], 11))


def test_a_salary_start_makes_a_payroll_account_likelier(oracle, everybody, table):
    salaries = table("transactions").filter(pl.col("category") == "salary")
    first = salaries.group_by("customer_id").agg(pl.col("occurred_at").min().alias("first"))
    just_begun = first.filter(pl.col("first").dt.month() == 9)["customer_id"].sort().to_list()
    payroll = oracle.products.index("payroll")
    september = date(2026, 9, 30)
    begun = oracle.addition_probability(just_begun, september)[:, payroll]
    everyone = oracle.addition_probability(everybody, september)[:, payroll]
    assert np.nanmean(begun) > 3 * np.nanmean(everyone)


def test_product_views_follow_interest(oracle, table, everybody):
    views = table("events").filter(
        pl.col("type") == "bank.product.viewed", pl.col("occurred_at").dt.month() == 9
    )
    as_of = datetime(2026, 9, 30, 4, tzinfo=timezone.utc)
    minds = oracle.logit_parts(everybody, as_of, "mobile_app")["events"]
    row = np.searchsorted(np.array(everybody), views["customer_id"].to_numpy())
    seen = np.array([oracle.products.index(product) for product in views["product_id"]])
    assert minds[row, seen].mean() > minds.mean() + 0.2


def test_outbound_offers_were_shown_only_to_those_who_had_consented(table):
    given = table("consents").filter(
        pl.col("purpose") == "outbound", pl.col("status") == "given", pl.col("channel") == "*"
    )
    outbound = table("contacts").filter(pl.col("channel").is_in(["sms", "wechat", "email"]))
    assert outbound.height > 500
    assert outbound.join(given, on="customer_id", how="anti").is_empty()


def test_offers_were_shown_of_products_not_held_and_accepted_ones_were_opened(table):
    contacts, periods = table("contacts"), table("holding_periods")
    both = contacts.with_columns(day=pl.col("shown_at").dt.date()).join(
        periods, on=["customer_id", "product_id"]
    )
    earlier = both.filter(
        pl.col("opened_on") < pl.col("day"),
        pl.col("closed_on").is_null() | (pl.col("closed_on") > pl.col("day")),
    )
    assert earlier.is_empty()
    accepted = contacts.filter(pl.col("outcome") == "accept")
    opened = both.filter(pl.col("outcome") == "accept", pl.col("opened_on") == pl.col("day"))
    assert opened["contact_id"].n_unique() == accepted.height


def test_inverse_logging_probabilities_average_to_the_number_of_candidates(table):
    chance = table("contacts")["logging_probability"]
    assert chance.min() > 0
    assert chance.max() <= 1
    # On average 36 products less some seven held and those not permitted by age or risk capacity.
    assert 18 < (1 / chance).mean() < 29


def test_the_oracle_repeats_the_chance_every_past_offer_had(oracle, table):
    """Utility, channel and fatigue, computed anew from the files, must meet the simulation."""
    start = datetime(2026, 5, 31, 16, tzinfo=timezone.utc)
    shown = oracle._shown
    recorded = {
        (int(row), int(second)): value
        for row, second, value in zip(
            shown.customer_row, shown.second, shown.acceptance, strict=True
        )
    }
    for contact in table("contacts").sample(60, seed=1).iter_rows(named=True):
        said = oracle.acceptance_probability(
            [contact["customer_id"]],
            [contact["product_id"]],
            contact["shown_at"],
            contact["channel"],
        )
        second = int((contact["shown_at"] - start).total_seconds())
        true = recorded[int(contact["customer_id"][1:]), second]
        assert said[0, 0] == pytest.approx(true, rel=1e-3)


def test_accepted_offers_are_as_many_as_the_truth_expects(oracle, table):
    accepted = (table("contacts")["outcome"] == "accept").sum()
    chance = oracle._shown.acceptance.astype(float)
    error = np.sqrt((chance * (1 - chance)).sum())
    assert abs(accepted - chance.sum()) < 4 * error


def test_additions_are_as_many_as_the_truth_expects_and_well_ranked(oracle, everybody, table):
    truth, added, product = next_month_additions(oracle, everybody, table)
    error = np.sqrt((truth * (1 - truth)).sum())
    assert abs(added.sum() - truth.sum()) < 4 * error
    popularity = np.bincount(product, added) / np.bincount(product)
    assert 0.75 <= roc_auc_score(added, truth) < 0.95
    assert roc_auc_score(added, truth) > roc_auc_score(added, popularity[product]) + 0.05
    weighted = [
        (added[product == one].sum(), roc_auc_score(added[product == one], truth[product == one]))
        for one in range(len(oracle.products))
        if added[product == one].any()
    ]
    weights, aucs = np.array(weighted).T
    assert 0.75 <= (weights * aucs).sum() / weights.sum() < 0.95


def test_ten_to_twenty_five_percent_of_customers_add_something_a_month(table):
    holdings = table("holdings").sort("customer_id", "snapshot_on")
    before = pl.col("held").shift(1).over("customer_id")
    added = holdings.with_columns(before=before).drop_nulls("before")
    some = added["held"].list.set_difference(added["before"]).list.len() > 0
    assert 0.10 <= some.mean() <= 0.25


def test_interactions_and_timing_make_up_a_third_of_the_truth(oracle, everybody):
    """By covariance with the logit, and within customer × product over time and channel."""
    logits, named = sampled_logits(oracle, everybody[::5])
    within = (logits - logits.mean(axis=0)).var() / logits.var()
    assert within >= 1 / 3
    chance = 1 / (1 + np.exp(-logits))
    assert (chance - chance.mean(axis=0)).var() / chance.var() >= 1 / 3
    timing = sum(named[part] for part in ("season", "events", "payday", "fatigue"))
    assert np.cov(timing.ravel(), logits.ravel())[0, 1] / logits.var() >= 1 / 3


def test_the_oracle_says_what_it_cannot_answer(oracle, tmp_path, everybody):
    noon = datetime(2026, 9, 1, 4, tzinfo=timezone.utc)
    with pytest.raises(TruthUnavailable, match="1 of 2 customers"):
        oracle.acceptance_probability([everybody[0], "nobody"], ["mortgage"], noon, "sms")
    with pytest.raises(TruthUnavailable, match="no product of this bank: yacht"):
        oracle.acceptance_probability(everybody[:1], ["yacht"], noon, "sms")
    with pytest.raises(TruthUnavailable, match="no channel pigeon"):
        oracle.acceptance_probability(everybody[:1], ["mortgage"], noon, "pigeon")
    with pytest.raises(TruthUnavailable, match="no time zone"):
        oracle.acceptance_probability(everybody[:1], ["mortgage"], datetime(2026, 9, 1), "sms")  # noqa: DTZ001
    with pytest.raises(TruthUnavailable, match="ask for one of 2026-06-30"):
        oracle.addition_probability(everybody[:1], date(2026, 10, 31))
    with pytest.raises(TruthUnavailable, match="nbo data simulate"):
        Oracle(Home(tmp_path))


def next_month_additions(oracle, everybody, table):
    """True probability, outcome and product of every customer × product at risk in any month."""
    holdings = table("holdings")
    parts = []
    for as_of, month in zip(oracle.as_of_dates, [*oracle.as_of_dates[1:], None], strict=True):
        before = held_matrix(holdings, as_of, everybody, oracle.products)
        after = held_matrix(holdings, month or date(2026, 10, 31), everybody, oracle.products)
        risk = before == 0
        truth = oracle.addition_probability(everybody, as_of)
        parts.append((truth[risk], after[risk] == 1, np.nonzero(risk)[1]))
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))


def held_matrix(holdings, snapshot, everybody, products):
    held = np.full((len(everybody), len(products)), np.nan)
    place = {product: column for column, product in enumerate(products)}
    row = {customer: index for index, customer in enumerate(everybody)}
    for customer, names in (
        holdings.filter(pl.col("snapshot_on") == snapshot).select("customer_id", "held").iter_rows()
    ):
        held[row[customer]] = 0
        held[row[customer], [place[name] for name in names]] = 1
    return held


def sampled_logits(oracle, customers):
    """Acceptance logits and their parts at ten moments and in six channels."""
    moments = [
        datetime(2026, month, day, 4, tzinfo=timezone.utc)
        for month in (6, 7, 8, 9, 10)
        for day in (9, 23)
    ]
    parts = [oracle.logit_parts(customers, at, channel) for at in moments for channel in CHANNELS]
    named = {part: np.stack([each[part] for each in parts]) for part in parts[0]}
    return sum(named.values()), named


class KilledBeforeTheBank(Home):
    """A home whose process dies where it would write who the bank is."""

    def write_bank(self, identity):
        raise KeyboardInterrupt


def test_a_simulated_bank_is_never_there_without_its_truth(tmp_path):
    home = KilledBeforeTheBank(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        simulate_bank(SimulationConfig(customers=50, days=62), home)
    assert not home.bank_file.exists()
    assert any(home.truth.iterdir())
