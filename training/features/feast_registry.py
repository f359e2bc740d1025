"""What Feast does and records about a load."""

from __future__ import annotations

from datetime import datetime, timedelta

from feature_repo.contained_feast import quiet_feast

# isort: split
from feast import FeatureStore

from feature_repo.contract import VIEWS
from model_registry.home import Home
from training.features.calendar import Calendar, end_of_day
from training.features.registration import apply


def record_load(store: FeatureStore, home: Home) -> None:
    """Tell Feast's registry what was loaded, as `feast materialize` does when it is done.

    A view never says MATERIALIZING: there is no moment at which Feast would refuse to read it.
    """
    start, end = loaded_interval(home)
    with quiet_feast():
        for view in VIEWS:
            registered = store.get_feature_view(view.name)
            store.registry.apply_materialization(registered, store.project, start, end)


def materialize_with_feast(home: Home, redis_url: str) -> None:
    """Load the features by Feast alone: what the bulk loader is measured against and equal to."""
    store = apply(home, redis_url)
    start, end = loaded_interval(home)
    with quiet_feast():
        store.materialize(start, end, feature_views=[view.name for view in VIEWS])


def loaded_interval(home: Home) -> tuple[datetime, datetime]:
    """The instants between which all rows of the home's features lie."""
    dates = Calendar.of_facts(home.bank()).dates
    return end_of_day(dates[0]) - timedelta(days=1), end_of_day(dates[-1]) + timedelta(seconds=1)
