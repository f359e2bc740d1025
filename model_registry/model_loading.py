"""A verified bundle as the model that serves: compiled where that is safe and exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model_registry.compiled_ranker import TOLERANCE, CompiledRanker
from model_registry.errors import BundleRefused, RankerRefused, RegistryError
from model_registry.home import Home
from model_registry.manifest import VerifiedBundle
from model_registry.propensity_model import PropensityModel
from model_registry.ranker_store import RankerStore


def load_model(home: Home, bundle: VerifiedBundle, *, prefers_compiled: bool) -> PropensityModel:
    """The bundle's model, its golden rows checked; `BundleRefused` when it gives other scores.

    A compiled ranker that is missing, refused or inexact is no error: LightGBM scores, and
    `ranker_detail` says why.
    """
    model = PropensityModel.load(bundle)
    model.check_golden()
    if not prefers_compiled:
        return replace(model, ranker_detail="LightGBM was asked for")
    try:
        return _compiled(home, bundle, model)
    except (RegistryError, OSError) as error:
        return replace(model, ranker_detail=f"no compiled ranker: {error}")


def _compiled(home: Home, bundle: VerifiedBundle, model: PropensityModel) -> PropensityModel:
    verified = RankerStore(home).open(bundle.manifest)
    ranker = CompiledRanker(verified.library)
    record = verified.record
    widths = (ranker.columns, ranker.customer_columns)
    if ranker.model_sha256 != record.model_sha256 or widths != _widths(model):
        raise RankerRefused("its library is of other trees than its record")
    compiled = replace(
        model,
        compiled=ranker,
        ranker_detail=f"compiled by {record.compiler}, within {record.largest_gap:.1g} of LightGBM",
    )
    try:
        compiled.check_golden()
    except BundleRefused as error:
        raise RankerRefused(f"it does not score as LightGBM does: {error}") from error
    slate = model.golden_candidates(0)
    gap = np.abs(ranker.candidate_margins(*slate) - model.trees.candidate_margins(*slate)).max()
    if not gap <= TOLERANCE:
        raise RankerRefused(f"it scores a customer's candidates {gap:.2g} beside LightGBM")
    return compiled


def _widths(model: PropensityModel) -> tuple[int, int]:
    return model.trees.columns, len(model.layout.customer_names)
