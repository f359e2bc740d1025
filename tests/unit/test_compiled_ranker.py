"""Native trees give LightGBM's own log-odds to the last bit, whatever stands in a row."""

from __future__ import annotations

import re
import threading

import lightgbm
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feature_repo.transforms import candidate_matrix
from model_registry.compiled_ranker import CompiledRanker
from model_registry.errors import RankerRefused
from model_registry.lightgbm_margins import LightgbmMargins
from tests.scored_bundle import CODE, CUSTOMER_CATEGORY, LAYOUT, model_text, rows
from training.errors import RankerNotBuilt
from training.ranker.c_compiler import CCompiler
from training.ranker.lightgbm_trees import read_trees
from training.ranker.source import MatrixShape, ranker_source

SHAPE = MatrixShape(len(LAYOUT.names), CODE)
DIGEST = "a" * 64
TINY = float(np.float32(1e-35))
ODD_THRESHOLDS = (0.0, -0.0, TINY, -TINY, TINY / 2, -TINY / 2, 1e-45, -1e-45, 0.1, 1 / 3, -2.5)
ODD_THRESHOLDS += (1e300, -1e300, float("inf"), 3.4028235e38, 1 + 2**-30, 1 - 2**-30)
ODD_VALUES = (0.0, -0.0, np.nan, np.inf, -np.inf, 1e-45, -1e-45, 1e-38, -1e-38, 1e-35, -1e-35)
ODD_VALUES += (1.1e-35, -1.1e-35, 3.4028235e38, -3.4028235e38, 1.0, 2**31, 2**32, -1.0, -0.5)
ODD_VALUES += (31.0, 32.0, 31.999, 63.5, 64.0, 1e9, 0.999, 0.1, 1 / 3, -2.5)


def compiled(text: str) -> CompiledRanker:
    return CompiledRanker(CCompiler.find().library(ranker_source(read_trees(text), SHAPE, DIGEST)))


def expected(text: str, matrix: np.ndarray) -> np.ndarray:
    sizeless = re.sub(r"tree_sizes=.*\n", "", text)
    booster = lightgbm.Booster(model_str=sizeless)
    return booster.predict(matrix, raw_score=True, num_threads=1)


@pytest.fixture(scope="module")
def ranker() -> CompiledRanker:
    return compiled(model_text())


def odd_rows(seed: int, thresholds: list[float]) -> np.ndarray:
    """Rows of two customers and of many, with values at which implementations differ."""
    rng = np.random.default_rng(seed)
    matrix = np.concatenate([rows(150, seed), rows(150, seed + 1, customers=2)])
    with np.errstate(over="ignore", under="ignore"):
        edges = np.array([*thresholds, *ODD_VALUES], dtype=np.float64).astype(np.float32)
        beside = [np.nextafter(edges, np.float32(end)) for end in (np.inf, -np.inf)]
    edges = np.concatenate([edges, *beside])
    odd = rng.random(matrix.shape) < 0.3
    odd[150:, :CODE] = False
    matrix[odd] = rng.choice(edges, odd.sum())
    for customer in (slice(150, 220), slice(220, 300)):
        matrix[customer, :CODE] = np.where(
            rng.random(CODE) < 0.3, rng.choice(edges, CODE), matrix[customer.start, :CODE]
        )
    return matrix


@pytest.mark.parametrize("count", [0, 1, 2, 15, 16, 17, 100, 127, 128, 129, 300])
@pytest.mark.parametrize("customers", [None, 1, 3])
def test_any_number_of_rows_and_customers_gives_lightgbms_log_odds(ranker, count, customers):
    matrix = rows(count, seed=count, customers=customers)
    assert ranker.margins(matrix).tolist() == (
        expected(model_text(), matrix).tolist() if count else []
    )


@pytest.mark.parametrize("count", [0, 1, 16, 40, 127, 128, 300])
def test_one_customers_candidates_need_no_matrix(ranker, count):
    customer, product, codes = candidates(count)
    matrix = candidate_matrix(customer, product, codes)
    scored = ranker.candidate_margins(customer, product, codes).tolist()
    assert scored == (expected(model_text(), matrix).tolist() if count else [])
    plain = LightgbmMargins(lightgbm.Booster(model_str=model_text()))
    assert not count or plain.candidate_margins(customer, product, codes).tolist() == scored


def test_read_only_and_turned_candidates_score_alike(ranker):
    customer, product, codes = candidates(100)
    whole = ranker.candidate_margins(customer, product, codes).tolist()
    turned = np.asfortranarray(product)
    turned.flags.writeable = codes.flags.writeable = False
    assert ranker.candidate_margins(customer, turned, codes).tolist() == whole
    both_ways = ranker.candidate_margins(customer, product, np.repeat(codes, 2)[::2])
    assert both_ways.tolist() == whole


@pytest.mark.parametrize("code", [-1, len(LAYOUT.vocabulary)])
def test_a_code_outside_the_products_is_refused(ranker, code):
    customer, product, _ = candidates(1)
    with pytest.raises(IndexError, match="none of"):
        ranker.candidate_margins(customer, product, np.array([0, code]))


def test_candidates_of_another_width_are_refused_before_native_code_reads_them(ranker):
    customer, product, codes = candidates(3)
    for odd in (
        (customer[:, 1:], product),
        (customer.repeat(2, axis=0), product),
        (customer, product[:, :, 1:]),
        (customer, product[0]),
        (customer, product.repeat(2, axis=0)),
    ):
        with pytest.raises(ValueError, match="expected"):
            ranker.candidate_margins(*odd, codes)


def candidates(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One customer, what every product is to her, and so many candidates' codes."""
    products = len(LAYOUT.vocabulary)
    drawn = rows(products, seed=count, customers=1)
    product = np.ascontiguousarray(drawn[None, :, CODE + 1 :])
    return (
        drawn[:1, :CODE].copy(),
        product,
        np.random.default_rng(count).integers(products, size=count),
    )


def test_lightgbm_called_directly_gives_what_its_python_wrapper_gives():
    matrix = odd_rows(5, list(ODD_THRESHOLDS))
    booster = lightgbm.Booster(model_str=model_text())
    wrapped = booster.predict(matrix, raw_score=True)
    assert LightgbmMargins(booster).margins(matrix).tolist() == wrapped.tolist()
    assert LightgbmMargins(booster).margins(matrix, threads=2).tolist() == wrapped.tolist()
    turned = np.asfortranarray(matrix)
    assert LightgbmMargins(booster).margins(turned).tolist() == wrapped.tolist()


@given(seed=st.integers(0, 10_000), trees=st.integers(1, 12), leaves=st.integers(2, 40))
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_trained_model_scores_odd_rows_as_lightgbm_does(seed, trees, leaves):
    text = model_text(seed, trees, leaves)
    matrix = odd_rows(seed, [split.threshold for tree in read_trees(text) for split in tree.splits])
    assert compiled(text).margins(matrix).tolist() == expected(text, matrix).tolist()


@given(seed=st.integers(0, 10_000))
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_odd_thresholds_and_every_kind_of_missing_are_met(seed):
    text = rewritten(model_text(), np.random.default_rng(seed))
    matrix = odd_rows(seed, list(ODD_THRESHOLDS))
    assert compiled(text).margins(matrix).tolist() == expected(text, matrix).tolist()


def rewritten(text: str, rng: np.random.Generator) -> str:
    """The model with other thresholds and kinds of missing where it splits on numbers."""

    def tree(match: re.Match[str]) -> str:
        thresholds, kinds = match[1].split(), [int(kind) for kind in match[2].split()]
        for place, kind in enumerate(kinds):
            if not kind & 1:
                thresholds[place] = repr(float(rng.choice(ODD_THRESHOLDS)))
                kinds[place] = int(rng.choice([0, 2, 8, 10]))
        return f"threshold={' '.join(thresholds)}\ndecision_type={' '.join(map(str, kinds))}\n"

    return re.sub(r"threshold=(.*)\ndecision_type=(.*)\n", tree, text)


def test_processors_without_wide_vectors_give_the_same():
    matrix = odd_rows(9, [0.1])
    source = ranker_source(read_trees(model_text()), SHAPE, DIGEST)
    plain = CompiledRanker(CCompiler.find().library(f"#define FOR_PROCESSORS\n{source}"))
    assert plain.margins(matrix).tolist() == expected(model_text(), matrix).tolist()


def test_a_tree_without_splits_adds_its_one_leaf():
    matrix = rows(40)
    parameters = {"objective": "binary", "verbosity": -1, "min_data_in_leaf": 1000}
    data = lightgbm.Dataset(matrix, np.arange(40) % 2, params=parameters)
    text = lightgbm.train(parameters, data, num_boost_round=1).model_to_string()
    assert compiled(text).margins(matrix).tolist() == expected(text, matrix).tolist()


def test_read_only_and_turned_rows_score_alike(ranker):
    matrix = rows(100)
    whole = ranker.margins(matrix).tolist()
    matrix.flags.writeable = False
    assert ranker.margins(matrix).tolist() == whole
    assert ranker.margins(np.asfortranarray(matrix)).tolist() == whole
    assert ranker.margins(matrix.astype(np.float64)).tolist() == whole


def test_rows_of_another_width_are_refused_before_native_code_reads_them(ranker):
    with pytest.raises(ValueError, match="expected"):
        ranker.margins(rows(3)[:, 1:])
    with pytest.raises(ValueError, match="expected"):
        LightgbmMargins(lightgbm.Booster(model_str=model_text())).margins(rows(3)[:, 1:])


def test_threads_share_one_ranker(ranker):
    matrices = [rows(100, seed, customers=1) for seed in range(8)]
    alone = [ranker.margins(matrix).tolist() for matrix in matrices]
    together: list[list[list[float]]] = [[] for _ in matrices]

    def score(place: int) -> None:
        together[place] = [ranker.margins(matrices[place]).tolist() for _ in range(50)]

    threads = [threading.Thread(target=score, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(scores == [alone[place]] * 50 for place, scores in enumerate(together))


def test_equal_models_give_equal_libraries():
    source = ranker_source(read_trees(model_text()), SHAPE, DIGEST)
    compiler = CCompiler.find()
    assert compiler.library(source) == compiler.library(source)


def test_two_libraries_loaded_after_each_other_stay_apart():
    first, second = compiled(model_text(1)), compiled(model_text(2))
    matrix = rows(20)
    assert first.margins(matrix).tolist() == expected(model_text(1), matrix).tolist()
    assert second.margins(matrix).tolist() == expected(model_text(2), matrix).tolist()


@pytest.mark.parametrize("content", [b"", b"hello", b"\x7fELF" + bytes(100)])
def test_bytes_that_are_no_library_are_refused(content):
    with pytest.raises(RankerRefused, match="loader refuses"):
        CompiledRanker(content)


def test_a_library_of_something_else_is_refused():
    other = CCompiler.find().library("int nothing_of_ours(void) { return 1; }")
    with pytest.raises(RankerRefused, match="another format"):
        CompiledRanker(other)


def test_what_is_no_program_is_not_built_and_says_why():
    with pytest.raises(RankerNotBuilt, match="error"):
        CCompiler.find().library("this is no program")


@pytest.mark.parametrize(
    ("found", "put", "reason"),
    [
        (r"\ntree_sizes", "\naverage_output\ntree_sizes", "averaged"),
        ("is_linear=0", "is_linear=1", "linear"),
        (r"decision_type=\d+", "decision_type=4", "zero for a missing value"),
        (r"(?m)^(threshold=.*? )-?\d+\.\d\S*", r"\1nan", "no number"),
        (r"left_child=\S+", "left_child=99", "broken"),
        (r"left_child=", "left=", "another format"),
        (r"leaf_value=\S+", "leaf_value=x", "another format"),
        (r"split_feature=\d+", "split_feature=9999", "column the bundle does not have"),
        (r"(?s)\nTree=.*", "\nend of trees\n", "no tree"),
    ],
)
def test_a_model_that_cannot_be_expressed_is_refused_with_its_reason(found, put, reason):
    text, changes = re.subn(found, put, model_text(), count=1)
    assert changes == 1
    with pytest.raises(RankerNotBuilt, match=reason):
        ranker_source(read_trees(text), SHAPE, DIGEST)


def test_what_outgrows_the_kernel_is_refused():
    trees = read_trees(model_text())
    with pytest.raises(RankerNotBuilt, match="too many product"):
        ranker_source(trees, MatrixShape(5000, 10), DIGEST)


def test_the_model_splits_on_what_these_tests_are_about():
    splits = [split for tree in read_trees(model_text()) for split in tree.splits]
    categorical = {split.column for split in splits if split.bitset}
    numeric = {split.column for split in splits if not split.bitset}
    assert categorical == {CUSTOMER_CATEGORY, CODE}
    assert min(numeric) < CODE < max(numeric)
