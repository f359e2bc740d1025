"""Registers the bank of a home with Feast."""

from __future__ import annotations

from feature_repo import feast_repository

# isort: split
from feast import FeatureStore

from model_registry.home import Home


def apply(home: Home, redis_url: str | None = None) -> FeatureStore:
    """Register the contract for the bank of this home; `redis_url` is where values go online."""
    return feast_repository.apply(home.features, home.bank().bank, redis_url)
