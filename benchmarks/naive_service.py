"""(b) What a competent team writes in a day: FastAPI, Feast's Python client, LightGBM.

Same customers, offers, model and columns as the service; no rules, consents, calibration, wordings
or log line. Feast is opened and its feature service looked up once, the model is loaded once, one
predict call scores all offers on one thread.

uvicorn benchmarks.naive_service:create_app --factory --no-access-log
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feature_repo.feast_repository import open_store

# isort: split
import lightgbm
import numpy as np
import yaml
from fastapi import FastAPI
from feast import FeatureStore
from numpy.typing import NDArray
from pydantic import BaseModel

from benchmarks.bank_shape import HOME_VARIABLE, REDIS_VARIABLE
from feature_repo.contract import FEATURES, Kind, list_length
from feature_repo.raw_features import RawFeatures
from feature_repo.transforms import ColumnLayout, customer_columns, design_matrix, product_columns
from feature_repo.views import SERVICE
from model_registry.home import Home
from model_registry.propensity_model import MODEL_FILE, layout_of
from model_registry.store import ModelStore

SLATE = 5
SECONDS_PER_DAY = 86_400.0


class Question(BaseModel):
    """Who is asked about."""

    customer_id: str


class Offer(BaseModel):
    """One offer of the answer."""

    offer_id: str
    product_id: str
    propensity: float
    priority: float


class Answer(BaseModel):
    """The best offers, best first."""

    customer_id: str
    offers: list[Offer]


@dataclass(frozen=True)
class Offers:
    """The catalogue as columns."""

    ids: list[str]
    product_ids: list[str]
    product_codes: NDArray[np.intp]
    values: NDArray[np.float64]

    @classmethod
    def read(cls, file: Path, vocabulary: tuple[str, ...]) -> Offers:
        """The offers in offers.yaml."""
        entries = yaml.safe_load(file.read_text(encoding="utf-8"))["offers"]
        products = [entry["product_id"] for entry in entries]
        return cls(
            [entry["id"] for entry in entries],
            products,
            np.array([vocabulary.index(product) for product in products]),
            np.array([entry["value"] for entry in entries]),
        )


class Ranker:
    """Features from Feast, a score per offer, the best few."""

    def __init__(self, home: Home, redis_url: str) -> None:
        bank, store = home.bank(), ModelStore(home)
        bundle = store.open(store.newest())
        self._layout: ColumnLayout = layout_of(bundle.manifest)
        self._booster = lightgbm.Booster(model_str=bundle.file(MODEL_FILE).decode())
        self._offers = Offers.read(home.root / "catalogue" / "offers.yaml", self._layout.vocabulary)
        self._store: FeatureStore = open_store(home.features, bank.bank, redis_url)
        self._features = self._store.get_feature_service(SERVICE)

    def best_offers(self, customer_id: str) -> list[Offer]:
        """The offers of highest expected value."""
        answer = self._store.get_online_features(
            features=self._features, entity_rows=[{"customer_id": customer_id}]
        ).to_dict()
        propensity = self._propensity(raw_features(answer, len(self._layout.vocabulary)))
        priority = propensity * self._offers.values
        best = np.argsort(-priority, kind="stable")[:SLATE]
        return [
            Offer(
                offer_id=self._offers.ids[row],
                product_id=self._offers.product_ids[row],
                propensity=float(propensity[row]),
                priority=float(priority[row]),
            )
            for row in best
        ]

    def _propensity(self, raw: RawFeatures) -> NDArray[np.float64]:
        as_of = np.array([time.time() / SECONDS_PER_DAY])
        codes = self._offers.product_codes
        matrix = design_matrix(
            customer_columns(raw, as_of, self._layout),
            product_columns(raw, as_of, self._layout),
            np.zeros(len(codes), dtype=np.intp),
            codes,
        )
        return np.asarray(self._booster.predict(matrix, num_threads=1), dtype=np.float64)


def create_app() -> FastAPI:
    """The application for the home and Redis of the environment."""
    ranker = Ranker(Home(Path(os.environ[HOME_VARIABLE])), os.environ[REDIS_VARIABLE])
    app = FastAPI()

    @app.post("/recommend")
    def recommend(question: Question) -> Answer:
        return Answer(
            customer_id=question.customer_id, offers=ranker.best_offers(question.customer_id)
        )

    return app


def raw_features(answer: dict[str, list[Any]], products: int) -> RawFeatures:
    """Feast's answer as the columns the transforms take; None is unknown."""
    numbers, categories, lists = {}, {}, {}
    for feature in FEATURES:
        value = answer[feature.name]
        if feature.kind is Kind.NUMBER:
            numbers[feature.name] = np.array(value, dtype=np.float32)
        elif feature.kind is Kind.CATEGORY:
            categories[feature.name] = np.array(value, dtype=object)
        elif value[0] is None:
            length = list_length(feature.kind, products)
            lists[feature.name] = np.full((1, length), np.nan, dtype=np.float32)
        else:
            lists[feature.name] = np.array(value, dtype=np.float32)
    days = {"product_holdings": numbers["snapshot_day"].astype(np.float64)}
    return RawFeatures(numbers, categories, lists, days)
