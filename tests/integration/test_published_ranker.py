"""Promotion gives a bundle native trees where it can; serving uses them only where they hold."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from model_registry.errors import BundleRefused
from model_registry.home import Home
from model_registry.manifest import BundleDraft
from model_registry.model_loading import load_model
from model_registry.propensity_model import PropensityModel
from model_registry.ranker_store import RankerStore
from model_registry.store import ModelStore
from nbo.cli import run
from tests.scored_bundle import CODE, model_text, rows, scored_draft
from training.errors import RankerNotBuilt
from training.ranker.building import build_ranker
from training.ranker.c_compiler import CCompiler
from training.ranker.lightgbm_trees import read_trees
from training.ranker.source import MatrixShape, ranker_source


def written(home: Home, text: str | None = None, second: int = 0) -> str:
    draft = scored_draft(text, bank=home.bank().bank, second=second)
    return ModelStore(home).write(draft)


def loaded(home: Home, bundle_id: str) -> PropensityModel:
    return load_model(home, ModelStore(home).open(bundle_id), prefers_compiled=True)


def no_compiler(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    empty = folder / "no_programs"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))


def test_a_promoted_bundle_is_scored_by_native_trees_as_lightgbm_scores_it(home: Home) -> None:
    bundle_id = written(home)
    assert run(["models", "promote", bundle_id]) == 0
    model = loaded(home, bundle_id)
    assert model.ranker == "compiled"
    assert "of LightGBM" in model.ranker_detail
    matrix = rows(200, seed=9)
    codes = matrix[:, CODE].astype(np.intp)
    plain = PropensityModel.load(ModelStore(home).open(bundle_id))
    assert plain.ranker == "lightgbm"
    assert model.predict(matrix, codes).tolist() == plain.predict(matrix, codes).tolist()
    assert model.uncalibrated(matrix).tolist() == plain.uncalibrated(matrix).tolist()


def test_lightgbm_scores_where_it_is_asked_for(home: Home) -> None:
    bundle_id = written(home)
    build_ranker(home, bundle_id)
    bundle = ModelStore(home).open(bundle_id)
    model = load_model(home, bundle, prefers_compiled=False)
    assert (model.ranker, model.ranker_detail) == ("lightgbm", "LightGBM was asked for")


def test_promoting_again_keeps_a_ranker_that_holds(home: Home) -> None:
    bundle_id = written(home)
    library = home.rankers / bundle_id / "ranker.so"
    assert build_ranker(home, bundle_id) == "built"
    first = library.stat().st_ino
    assert build_ranker(home, bundle_id) == "kept"
    assert library.stat().st_ino == first
    library.write_bytes(b"tampered")
    assert build_ranker(home, bundle_id) == "built"
    assert loaded(home, bundle_id).ranker == "compiled"


@pytest.mark.parametrize("name", ["ranker.so", "ranker.json", "ranker.sig"])
def test_a_tampered_ranker_is_not_loaded_and_lightgbm_scores(home: Home, name: str) -> None:
    bundle_id = written(home)
    build_ranker(home, bundle_id)
    path = home.rankers / bundle_id / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    model = loaded(home, bundle_id)
    assert model.ranker == "lightgbm"
    assert model.ranker_detail.startswith("no compiled ranker: ")


def test_another_bundles_ranker_is_not_loaded(home: Home) -> None:
    first, second = written(home), written(home, model_text(2), second=1)
    build_ranker(home, first)
    (home.rankers / first).rename(home.rankers / second)
    model = loaded(home, second)
    assert (model.ranker, "belongs to bundle" in model.ranker_detail) == ("lightgbm", True)


def test_a_signed_ranker_that_scores_otherwise_gives_way_to_lightgbm(home: Home) -> None:
    bundle_id = written(home)
    build_ranker(home, bundle_id)
    store, bundle = RankerStore(home), ModelStore(home).open(bundle_id)
    layout = PropensityModel.load(bundle).layout
    shape = MatrixShape(len(layout.names), len(layout.customer_names))
    digest = bundle.manifest.files["propensity.txt"]
    library = CCompiler.find().library(ranker_source(read_trees(model_text(2)), shape, digest))
    record = msgspec.structs.replace(
        store.open(bundle.manifest).record, library_sha256=hashlib.sha256(library).hexdigest()
    )
    store.write(record, library)
    model = loaded(home, bundle_id)
    assert model.ranker == "lightgbm"
    assert "does not score as LightGBM does" in model.ranker_detail


def test_a_signed_library_of_other_trees_gives_way_to_lightgbm(home: Home) -> None:
    bundle_id, other = written(home), written(home, model_text(2), second=1)
    build_ranker(home, bundle_id)
    build_ranker(home, other)
    store, models = RankerStore(home), ModelStore(home)
    foreign = store.open(models.manifest(other))
    own = store.open(models.manifest(bundle_id)).record
    digest = foreign.record.library_sha256
    store.write(msgspec.structs.replace(own, library_sha256=digest), foreign.library)
    model = loaded(home, bundle_id)
    assert (model.ranker, "of other trees" in model.ranker_detail) == ("lightgbm", True)


def test_a_bundle_that_fails_its_golden_rows_is_refused_with_or_without_ranker(home: Home) -> None:
    good = scored_draft(bank=home.bank().bank)
    golden = scored_draft(model_text(2), bank=home.bank().bank).files["golden.npz"]
    mixed = BundleDraft(good.manifest, good.files | {"golden.npz": golden})
    bundle_id = ModelStore(home).write(mixed)
    for prefers_compiled in (True, False):
        with pytest.raises(BundleRefused, match=r"golden\.npz"):
            load_model(home, ModelStore(home).open(bundle_id), prefers_compiled=prefers_compiled)


def test_without_a_compiler_promotion_warns_in_one_line_and_lightgbm_scores(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle_id = written(home)
    no_compiler(monkeypatch, tmp_path)
    with pytest.raises(RankerNotBuilt, match="no C compiler is on PATH"):
        build_ranker(home, bundle_id)
    assert run(["models", "promote", bundle_id]) == 0
    lines = capsys.readouterr().err.splitlines()
    (warning,) = [line for line in lines if "nbo: no compiled ranker" in line]
    assert "no C compiler is on PATH: install gcc or clang" in warning
    assert ModelStore(home).champion() == bundle_id
    assert loaded(home, bundle_id).ranker == "lightgbm"


def test_a_compiler_that_fails_is_a_warning(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle_id = written(home)
    no_compiler(monkeypatch, tmp_path)
    broken = tmp_path / "no_programs" / "cc"
    broken.write_text("#!/bin/sh\necho 'cc: fatal error: no space left' >&2\nexit 1\n")
    broken.chmod(0o755)
    assert run(["models", "promote", bundle_id]) == 0
    assert "no space left" in capsys.readouterr().err
    assert ModelStore(home).champion() == bundle_id


def test_promotion_compiles_nothing_when_told_not_to(home: Home) -> None:
    bundle_id = written(home)
    assert run(["models", "promote", bundle_id, "--no-compile"]) == 0
    assert ModelStore(home).champion() == bundle_id
    assert not home.rankers.exists()


def test_rollback_builds_the_ranker_that_is_missing(home: Home) -> None:
    first, second = written(home), written(home, second=1)
    assert run(["models", "promote", first, "--no-compile"]) == 0
    assert run(["models", "promote", second]) == 0
    assert run(["models", "rollback"]) == 0
    assert ModelStore(home).champion() == first
    assert loaded(home, first).ranker == "compiled"


def test_show_tells_what_would_score(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    bundle_id = written(home)
    assert run(["models", "show", bundle_id, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ranker"]["name"] == "lightgbm"
    build_ranker(home, bundle_id)
    assert run(["models", "show", bundle_id, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["ranker"]
    assert shown["name"] == "compiled"
    assert shown["largest_gap"] <= 1e-9
    assert run(["models", "show", bundle_id]) == 0
    assert f"ranker of {bundle_id}  compiled by" in capsys.readouterr().out
