"""A bundle's compiled ranker: built, proven equal to LightGBM, signed and stored."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from typing import Literal

import numpy as np

from feature_repo.raw_features import Float32s
from model_registry.compiled_ranker import TOLERANCE, CompiledRanker
from model_registry.errors import RankerRefused, RegistryError
from model_registry.home import Home
from model_registry.manifest import MODEL_FILE, VerifiedBundle
from model_registry.propensity_model import PropensityModel
from model_registry.ranker_record import RankerRecord, this_platform
from model_registry.ranker_store import RankerStore
from model_registry.store import ModelStore
from training.errors import RankerNotBuilt
from training.progress import Progress, silent
from training.ranker.c_compiler import CCompiler
from training.ranker.lightgbm_trees import read_trees
from training.ranker.source import MatrixShape, ranker_source

_STEP = "compiled ranker"
_BLANKED_SHARE = 0.1
_SHUFFLES = 8
_SLATES = 16
"""Golden customers that are scored with the products of all golden rows, as decisions score."""

Outcome = Literal["built", "kept"]


def build_ranker(home: Home, bundle_id: str, *, progress: Progress = silent) -> Outcome:
    """Give the bundle a ranker that holds here, unless it has one already.

    `RankerNotBuilt` in one line when it cannot have one; then LightGBM scores.
    """
    bundle = ModelStore(home).open(bundle_id)
    model = PropensityModel.load(bundle)
    digest = bundle.manifest.files[MODEL_FILE]
    names = model.layout.names
    shape = MatrixShape(len(names), len(model.layout.customer_names))
    source = ranker_source(read_trees(bundle.file(MODEL_FILE).decode()), shape, digest)
    source_sha256 = hashlib.sha256(source.encode()).hexdigest()
    if _holds(home, bundle, source_sha256):
        return "kept"
    progress(_STEP, 0, 1)
    compiler = CCompiler.find()
    library = compiler.library(source)
    gap, rows = _proven(library, model)
    record = RankerRecord(
        bundle_id=bundle_id,
        model_sha256=digest,
        library_sha256=hashlib.sha256(library).hexdigest(),
        source_sha256=source_sha256,
        platform=this_platform(),
        compiler=compiler.version,
        largest_gap=gap,
        rows_compared=rows,
        built_at=datetime.now(timezone.utc),
    )
    try:
        RankerStore(home).write(record, library)
    except (RegistryError, OSError) as error:
        raise RankerNotBuilt(f"it cannot be stored ({error})") from error
    progress(_STEP, 1, 1)
    return "built"


def _holds(home: Home, bundle: VerifiedBundle, source_sha256: str) -> bool:
    """Whether a ranker of this very program is stored, signed and loads here."""
    try:
        verified = RankerStore(home).open(bundle.manifest)
        CompiledRanker(verified.library)
    except RankerRefused:
        return False
    return verified.record.source_sha256 == source_sha256


def _proven(library: bytes, model: PropensityModel) -> tuple[float, int]:
    """The largest gap between both log-odds, and over how many rows; within tolerance or refused.

    A gap in log-odds is at least the relative gap in probability.
    """
    try:
        ranker = CompiledRanker(library)
    except RankerRefused as error:
        raise RankerNotBuilt(str(error)) from error
    width = len(model.layout.customer_names)
    rows = _trials(model.golden[0], width)
    slates = [model.golden_candidates(row) for row in range(min(_SLATES, len(model.golden[0])))]
    scored = [ranker.margins(rows), *(ranker.candidate_margins(*slate) for slate in slates)]
    expected = [model.trees.margins(rows)]
    expected += [model.trees.candidate_margins(*slate) for slate in slates]
    gap = float(np.max(np.abs(np.concatenate(scored) - np.concatenate(expected)), initial=0.0))
    if not gap <= TOLERANCE:
        raise RankerNotBuilt(f"it differs from LightGBM by {gap:.2g}")
    return gap, len(rows)


def _trials(golden: Float32s, customer_columns: int) -> Float32s:
    """The golden rows, as one customer's too, and their columns shuffled with some values blank."""
    rng = np.random.default_rng(1)
    one_customer = golden.copy()
    one_customer[:, :customer_columns] = golden[:1, :customer_columns]
    shuffled = rng.permuted(np.tile(golden, (_SHUFFLES, 1)), axis=0)
    shuffled[rng.random(shuffled.shape) < _BLANKED_SHARE] = np.nan
    return np.concatenate([golden, one_customer, shuffled])
