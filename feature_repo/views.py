"""The contract as Feast sees it: one entity, one view per contract view, one feature service."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from feature_repo import contained_feast  # noqa: F401

# isort: split
from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.data_format import ParquetFormat
from feast.types import Array, Float32, PrimitiveFeastType, String

from feature_repo.contract import VIEWS, Feature, Kind, View, features_of
from feature_repo.online_layout import JOIN_KEY

SERVICE = "next_best_offer"
"""Name of the feature service that serves every feature of the contract."""

Definition = Entity | FeatureView | FeatureService

EVENT_TIMESTAMP = "event_timestamp"
CREATED_TIMESTAMP = "created_timestamp"


def source_path(features: Path, view: str) -> Path:
    """The Parquet file a view's history lies in."""
    return features / f"{view}.parquet"


def customer_entity() -> Entity:
    """The only entity: a customer of the bank."""
    return Entity(
        name="customer",
        join_keys=[JOIN_KEY],
        value_type=ValueType.STRING,
        description="a customer of the bank",
    )


def feature_view(view: View, features: Path, entity: Entity) -> FeatureView:
    """One contract view over its Parquet file; older than its hard age it counts as missing."""
    return FeatureView(
        name=view.name,
        entities=[entity],
        ttl=timedelta(days=view.hard_age_days),
        schema=[Field(name=JOIN_KEY, dtype=String), *map(_field, features_of(view.name))],
        source=FileSource(
            name=f"{view.name}_history",
            path=str(source_path(features, view.name).absolute()),
            file_format=ParquetFormat(),
            timestamp_field=EVENT_TIMESTAMP,
            created_timestamp_column=CREATED_TIMESTAMP,
        ),
        online=True,
        owner=view.owner,
        tags={"source_table": view.source_table},
    )


def definitions(features: Path) -> list[Definition]:
    """Everything Feast's registry must know about the bank whose features lie in this directory."""
    entity = customer_entity()
    views = [feature_view(view, features, entity) for view in VIEWS]
    service = FeatureService(name=SERVICE, features=list(views))
    return [entity, *views, service]


def _field(feature: Feature) -> Field:
    return Field(
        name=feature.name,
        dtype=_dtype(feature.kind),
        description=feature.meaning,
        tags={"personal": str(feature.personal), "protected": str(feature.protected)},
    )


def _dtype(kind: Kind) -> PrimitiveFeastType | Array:
    if kind is Kind.NUMBER:
        return Float32
    return String if kind is Kind.CATEGORY else Array(Float32)
