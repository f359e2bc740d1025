"""A decision's record stays small: 60 offers under the whole policy, raw values and all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.bank_shape import BANK, CURRENCY, PRODUCTS, customer_id
from benchmarks.bench_catalogue import write_catalogue
from benchmarks.bench_values import LEVELS
from benchmarks.engine_case import ASK, drawn_records
from feature_repo.contact_layout import encode_contacts
from feature_repo.contract import FEATURES, VIEWS, Kind, features_of
from feature_repo.online_layout import (
    FLOAT_HEADER,
    encode_consents,
    encode_instant,
    encode_text,
    float_list_header,
)
from feature_repo.raw_features import RawFeatures
from feature_repo.transforms import ColumnLayout
from service.adapters.catalogue_files import CatalogueFiles
from service.adapters.feast_layout_reader import FeastLayoutReader
from service.domain.decision import Rung
from service.domain.rates import Rates
from service.domain.ulid import new_ulid
from service.ports import CustomerRecord, RawReplies, Release
from service.rules import RULES
from service.use_cases.deciding import DecisionResult, decide_in
from service.use_cases.decision_records import (
    DecisionRecord,
    decode_record,
    encode_record,
    recorded_inputs,
    recorded_outputs,
)
from service.use_cases.edition import Edition, compose_edition

OFFERS, FEWEST_RULES, MOST_BYTES = 60, 15, 8 * 1024
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CUSTOMER = customer_id(7)
LAYOUT = ColumnLayout(PRODUCTS, LEVELS)


@dataclass(frozen=True)
class NoisyModel:
    """Probabilities no packing makes smaller."""

    layout: ColumnLayout = LAYOUT

    def predict_candidates(
        self,
        customer: NDArray[np.float32],
        product: NDArray[np.float32],
        product_codes: NDArray[np.intp],
    ) -> NDArray[np.float64]:
        """Another one per candidate."""
        return np.random.default_rng(5).uniform(0.0, 0.1, len(product_codes))

    def contributions(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Nothing speaks for anything."""
        return np.zeros(matrix.shape)


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    folder = tmp_path_factory.mktemp("catalogue")
    write_catalogue(folder, OFFERS)
    files = CatalogueFiles(folder, bank=BANK, product_vocabulary=PRODUCTS, currency=CURRENCY)
    rates = Rates(product={}, group={}, channel_trigger={}, overall=0.01)
    release = Release("20261101T090000Z-0123456789", PRODUCTS, NoisyModel(), rates, ())
    return compose_edition(files.load(), release, PRODUCTS)


def customer() -> CustomerRecord:
    """Somebody with every feature known and a history, as the store itself says it."""
    (record,) = drawn_records(1, NOW, OFFERS)
    assert record.features is not None
    assert record.contacts is not None
    values = stored(record.features)
    state = encode_consents(BANK, CUSTOMER, {"*/outbound": "given", "sms/outbound": "refused"})
    raw = RawReplies(values, state, encode_contacts(BANK, CUSTOMER, record.contacts), None)
    return replace(record, raw=raw)


def stored(features: RawFeatures) -> tuple[bytes, ...]:
    """The values of the online fields, in the order they are asked for."""
    values: list[bytes] = []
    for view in VIEWS:
        for feature in features_of(view.name):
            if feature.kind is Kind.CATEGORY:
                values.append(encode_text(str(features.categories[feature.name][0])))
            elif feature.kind is Kind.NUMBER:
                values.append(FLOAT_HEADER + features.numbers[feature.name][0].tobytes())
            else:
                numbers = features.lists[feature.name][0]
                values.append(float_list_header(len(numbers)) + numbers.tobytes())
        values.append(encode_instant(int(features.event_days[view.name][0] * 86_400e6)))
    assert len(values) == len(FEATURES) + len(VIEWS)
    return tuple(values)


def record_of(result: DecisionResult, read: CustomerRecord) -> DecisionRecord:
    """What is written down of it."""
    return DecisionRecord(
        decision_id=new_ulid(NOW),
        request_id=new_ulid(NOW),
        at=NOW,
        principal="mobile-app-backend",
        on_behalf_of=None,
        arm="champion",
        versions=result.versions,
        offers=OFFERS,
        latency_us=2_000,
        inputs=recorded_inputs(CUSTOMER, result, read, edition_reasons=(), commit_reasons=()),
        outputs=recorded_outputs(result.decision, result.situation.catalogue),
    )


def test_the_values_are_what_the_store_holds() -> None:
    read = customer()
    assert read.features is not None
    assert read.raw is not None
    decoded = FeastLayoutReader(BANK, len(PRODUCTS)).decode(read.raw.values)
    assert not decoded.undecodable
    assert np.array_equal(decoded.raw.lists["affinity"], read.features.lists["affinity"])


def test_a_record_of_sixty_offers_and_every_rule_is_small(edition: Edition) -> None:
    read = customer()
    result = decide_in(edition, read, ASK, NOW)
    assert result.decision.rung is Rung.FULL
    assert len(RULES) >= FEWEST_RULES
    assert int(np.isfinite(result.decision.propensity).sum()) == OFFERS
    record = record_of(result, read)
    payload = encode_record(record)
    assert decode_record(payload) == record
    assert len(payload) <= MOST_BYTES, f"{len(payload)} bytes"
