"""The report of a whole training run: it says what was measured, and nothing else is in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import lightgbm
import msgspec
import numpy as np
import pytest

from model_registry.home import Home
from model_registry.manifest import VerifiedBundle
from model_registry.store import ModelStore
from tests.learnable_bank import LABEL_MONTHS, PRODUCTS, learnable_home
from tests.reported_run import reported_run
from training.config import CalibrationConfig, PropensityConfig, TrainConfig
from training.evaluation import EvaluationResult
from training.features.build import build_features
from training.month_counts import MonthCounts
from training.report import report_page
from training.train import train

ROOT = Path(__file__).parents[2]
CONFIG = TrainConfig(
    threads=1,
    propensity=PropensityConfig(rounds=30, min_data_in_leaf=20),
    calibration=CalibrationConfig(folds=2, min_positives=60, block_positives=15),
)
MEGABYTE = 1_000_000


class Metrics(msgspec.Struct):
    out_of_fold: dict[str, float]
    months: list[MonthCounts]
    evaluation: EvaluationResult | None


class Page(HTMLParser):
    """Tables as rows of words, anchors, links and whatever could reach outside."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.images: list[str] = []
        self._cell = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.add(tag)
        self.ids.extend(value for name, value in attrs if name == "id" and value)
        self.links.extend(v for n, v in attrs if n in {"href", "src", "action", "data"} and v)
        self.images.extend([named["aria-label"] or ""] if named.get("role") == "img" else [])
        self._cell = tag in {"td", "th"} or (self._cell and tag != "tr")
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._cell = self._cell and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.rows[-1][-1] += data

    def row(self, first: str, cells: int) -> list[str]:
        """The row of so many cells that begins like this."""
        (found,) = [row for row in self.rows if row[:1] == [first] and len(row) == cells]
        return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = learnable_home(tmp_path_factory.mktemp("bank"), customers=800)
    build_features(made)
    return made


@pytest.fixture(scope="module")
def bundle(home: Home) -> VerifiedBundle:
    return ModelStore(home).open(train(home, CONFIG).bundle_id)


@pytest.fixture(scope="module")
def text(bundle: VerifiedBundle) -> str:
    return bundle.files["report.html"].decode()


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


@pytest.fixture(scope="module")
def metrics(bundle: VerifiedBundle) -> Metrics:
    return msgspec.json.decode(bundle.files["metrics.json"], type=Metrics)


@pytest.fixture(scope="module")
def evaluation(metrics: Metrics) -> EvaluationResult:
    assert metrics.evaluation is not None
    return metrics.evaluation


def test_rankings_and_their_intervals_are_those_of_the_metrics(
    page: Page, evaluation: EvaluationResult
) -> None:
    names = {"nbo (this model)": "model", "nbo before calibration": "uncalibrated"}
    for shown in (*names, "affinity", "transition", "popularity"):
        quality = evaluation.rankings[names.get(shown, shown)]
        span = evaluation.intervals[names.get(shown, shown)].map_at_7
        first = page.row(shown, 5)
        assert first[1:3] == [f"{quality.map_at_7:.3f}", f"{span.low:.3f} … {span.high:.3f}"]
        second = page.row(shown, 7)
        assert second[1] == f"{quality.ndcg_at_5:.3f}"
        assert second[3] == f"{quality.hit_rate_at_1:.3f}"
        assert second[5:] == [f"{quality.auc_weighted:.3f}", f"{quality.coverage:.3f}"]


def test_the_model_s_lead_over_popularity_is_shown_with_its_interval(
    page: Page, evaluation: EvaluationResult
) -> None:
    lead = evaluation.intervals["popularity"].model_lead_map_at_7
    assert lead is not None
    difference = evaluation.map_at_7 - evaluation.popularity_map_at_7
    assert lead.low < difference < lead.high
    assert page.row("popularity", 5)[3:] == [
        f"{difference:+.3f}",
        f"{lead.low:.3f} … {lead.high:.3f}",
    ]


def test_every_product_stands_with_its_figures(page: Page, evaluation: EvaluationResult) -> None:
    for name, product in evaluation.products.items():
        shown = page.row(name, 8)
        assert shown[2:4] == [f"{product.candidates:,}", f"{product.additions:,}"]
        assert shown[4] == f"{product.expected:,.1f}"
        assert shown[6] == f"{product.auc:.3f}"
        assert shown[7] == f"{product.lift_at_top_tenth:.1f}"


def test_the_data_window_counts_months_rows_and_additions(page: Page, metrics: Metrics) -> None:
    assert [month.month for month in metrics.months] == list(LABEL_MONTHS[:-1])
    for month in metrics.months:
        shown = page.row(str(month.month), 6)
        total = sum(month.additions.values())
        assert shown[1:3] == [str(month.as_of), f"{month.customers:,}"]
        assert shown[3:] == [f"{month.candidates:,}", f"{month.rows:,}", f"{total:,}"]
    assert metrics.evaluation is not None
    for name in PRODUCTS:
        per_month = [f"{month.additions[name]:,}" for month in metrics.months]
        tested = f"{metrics.evaluation.products[name].additions:,}"
        assert page.row(name, 2 + len(per_month) + 1)[2:] == [*per_month, tested]


def test_calibration_lift_and_leaks_are_stated(text: str, evaluation: EvaluationResult) -> None:
    said = unescape(text)
    assert f"ECE {evaluation.ece:.4f}, before calibration {evaluation.ece_uncalibrated:.4f}" in said
    assert f"{evaluation.lift_by_decile[0]:.2f}<small>" in said
    assert sum(evaluation.lift_by_decile) == pytest.approx(10.0)
    alarm = ", ".join(evaluation.leakage_alarm)
    assert (f"Leakage alarm, AUC above 0.9: {alarm}." if alarm else "No leakage alarm") in said


def test_importances_are_the_trees_own(page: Page, bundle: VerifiedBundle) -> None:
    booster = lightgbm.Booster(model_str=bundle.files["propensity.txt"].decode())
    gains = np.asarray(booster.feature_importance("gain"))
    shares = [float(row[1].removesuffix(" %")) for row in page.rows if row[-1].endswith(" of 1")]
    code = booster.feature_name().index("c" + str(product_code_column(bundle)))
    assert shares == [round(100 * gains[code] / gains.sum(), 1)]
    assert any("Importance of " in label for label in page.images)


def product_code_column(bundle: VerifiedBundle) -> int:
    from model_registry.propensity_model import layout_of

    return layout_of(bundle.manifest).names.index("product_code")


def test_identity_seed_configuration_and_versions_are_there(
    page: Page, bundle: VerifiedBundle
) -> None:
    manifest = bundle.manifest
    shown = {row[0]: row[1] for row in page.rows if len(row) == 2}
    digest = "model (SHA-256 of propensity.txt)"
    assert shown[digest] == manifest.files["propensity.txt"]
    assert shown["data fingerprint"] == manifest.data_fingerprint
    assert shown["propensity.rounds"] == "30"
    assert shown["train_until"] == str(manifest.train_until)
    assert {name: shown[name] for name in manifest.library_versions} == manifest.library_versions
    assert ["seed", "1"] in page.rows


def test_every_figure_is_there_with_words_for_who_cannot_see_it(page: Page) -> None:
    figures = ("ranking-bars", "reliability", "gain", "product-lift")
    wanted = {f"figure-{name}" for name in (*figures, "scores", "importance")}
    assert wanted <= set(page.ids)
    assert len(page.images) == len(wanted)
    assert all(len(label) > 30 for label in page.images)


def test_the_contents_lead_to_every_section_and_ids_are_told_apart(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))
    assert {"#summary", "#data", "#ranking", "#calibration", "#gain"} <= set(page.links)
    assert {"#scores", "#products", "#leakage", "#importance", "#provenance"} <= set(page.links)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)


def test_nothing_is_fetched_from_outside(text: str, page: Page) -> None:
    assert all(link.startswith("#") for link in page.links)
    assert page.tags & {"script", "link", "iframe", "img", "object", "embed"} == set()
    assert "http:" not in text
    assert "https:" not in text
    assert "@import" not in text
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", text))
    assert "default-src 'none'" in text


def test_no_customer_no_place_and_no_moment_of_the_run_is_in_it(
    text: str, home: Home, bundle: VerifiedBundle
) -> None:
    assert re.search(r"\bc\d{5}\b", text) is None
    assert str(home.root) not in text
    assert str(ROOT) not in text
    assert f"{bundle.manifest.created_at:%Y-%m-%d}" not in text
    assert bundle.manifest.bundle_id not in text


def test_the_page_is_small_enough_to_send(text: str) -> None:
    assert len(text.encode()) < 3 * MEGABYTE


def test_equal_runs_give_the_same_page_to_the_byte_in_another_process() -> None:
    code = (
        "import sys; from tests.reported_run import reported_run; "
        "from training.report import report_page; "
        "sys.stdout.buffer.write(report_page(reported_run(300)))"
    )
    environment = os.environ | {"PYTHONHASHSEED": "2", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    assert done.stdout == report_page(reported_run(300))


def test_without_a_later_month_the_page_says_so_and_shows_what_there_is(home: Home) -> None:
    config = msgspec.structs.replace(CONFIG, train_until=LABEL_MONTHS[-1])
    bundle = ModelStore(home).open(train(home, config).bundle_id)
    text = bundle.files["report.html"].decode()
    page = Page(text)
    assert "nothing was measured on new data" in text
    assert {"summary", "data", "importance", "provenance"} <= set(page.ids)
    assert {"ranking", "calibration"} & set(page.ids) == set()


def test_the_page_s_template_and_style_travel_with_the_package() -> None:
    folder = ROOT / "training" / "report"
    carried = {path.name for path in folder.iterdir() if path.suffix not in {".py", ""}}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    data = project["tool"]["setuptools"]["package-data"]
    patterns = [*data.get("*", []), *data.get("training.report", [])]
    assert carried == {"page.html.j2", "page.css"}
    left_behind = [n for n in carried if not any(fnmatch(n, pattern) for pattern in patterns)]
    assert left_behind == []
