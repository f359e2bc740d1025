"""A bundle's compiled ranker: how fast it is built, how far it is from LightGBM, how much faster.

make prove NAME=compiled_ranker ARGS="--home .nbo"
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from feature_repo.raw_features import Float32s, Float64s
from model_registry.home import Home
from model_registry.model_loading import load_model
from model_registry.propensity_model import PropensityModel
from model_registry.store import ModelStore
from training.ranker.building import build_ranker

ROWS, ROUNDS = 100, 25
MOST_BUILD_SECONDS, LARGEST_GAP, LEAST_RATIO = 10.0, 1e-9, 4.0


def main() -> int:
    """Exit code 0 when every figure meets its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="a home with a trained bundle")
    home = Home(parser.parse_args().home)
    store = ModelStore(home)
    bundle_id = store.champion() or store.newest()
    started = time.perf_counter()
    outcome = build_ranker(home, bundle_id)
    build_seconds = time.perf_counter() - started
    bundle = store.open(bundle_id)
    model = load_model(home, bundle, prefers_compiled=True)
    plain = load_model(home, bundle, prefers_compiled=False)
    if model.compiled is None:
        print(model.ranker_detail)
        return 1
    requests = requests_of(model)
    gap = max(
        float(np.max(np.abs(model.compiled.margins(rows) - plain.trees.margins(rows))))
        for rows in requests
    )
    compiled_us = microseconds(model.compiled.margins, requests)
    plain_us = microseconds(plain.trees.margins, requests)
    wrapped_us = microseconds(
        lambda rows: np.asarray(plain.booster.predict(rows, raw_score=True, num_threads=1)),
        requests,
    )
    trees = model.booster.num_trees()
    print(f"{trees} trees, {ROWS} rows x {model.trees.columns} columns, {len(requests)} customers")
    print(f"{outcome} in {build_seconds:.2f} s (target < {MOST_BUILD_SECONDS:.0f})")
    print(f"largest gap in log-odds {gap:.2g} (target <= {LARGEST_GAP:.0e})")
    print(f"Booster.predict {wrapped_us:.0f} us, LightGBM called directly {plain_us:.0f} us")
    ratio = plain_us / compiled_us
    print(f"compiled {compiled_us:.1f} us, {ratio:.1f} x (target >= {LEAST_RATIO:.0f})")
    holds = build_seconds < MOST_BUILD_SECONDS and gap <= LARGEST_GAP
    return 0 if holds and ratio >= LEAST_RATIO else 1


def requests_of(model: PropensityModel) -> list[Float32s]:
    """As many requests as golden rows: one row's customer, the product columns of random others."""
    rng = np.random.default_rng(1)
    golden, width = model.golden[0], len(model.layout.customer_names)
    requests = []
    for customer in golden:
        rows = golden[rng.integers(0, len(golden), ROWS)].copy()
        rows[:, :width] = customer[:width]
        requests.append(rows)
    return requests


def microseconds(score: Callable[[Float32s], Float64s], requests: Sequence[Float32s]) -> float:
    """The mean over requests of each one's best time, so that other processes count little."""
    best = np.full(len(requests), np.inf)
    for _ in range(ROUNDS):
        for place, rows in enumerate(requests):
            started = time.perf_counter()
            score(rows)
            best[place] = min(best[place], time.perf_counter() - started)
    return float(best.mean() * 1e6)


if __name__ == "__main__":
    sys.exit(main())
