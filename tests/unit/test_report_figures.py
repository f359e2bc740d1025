"""Every figure draws what it should, whatever the month looks like."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser

import numpy as np
import pytest

from tests.scored_month import scored_month, spread_chances
from training.report import Measured
from training.report.blocks import Block, Figure, Paragraph
from training.report.drawing import INK, draw
from training.report.sections.calibration import calibration
from training.report.sections.gain import gain
from training.report.sections.leakage import leakage
from training.report.sections.ranking import ranking
from training.report.sections.score_distribution import score_distribution

MONTHS: dict[str, Callable[[], Measured]] = {
    "many products": lambda: scored_month(spread_chances(5_000, 36), oracle=True),
    "more than a page": lambda: scored_month(spread_chances(5_000, 60)),
    "two products": lambda: scored_month(spread_chances(400, 2)),
    "nobody added anything": lambda: scored_month(np.full((300, 5), 1e-9)),
    "everybody is scored alike": lambda: scored_month(np.full((3_000, 4), 0.2)),
    "one customer": lambda: scored_month(np.full((1, 3), 0.4), seed=0),
}


@cache
def month(kind: str) -> Measured:
    return MONTHS[kind]()


def blocks(measured: Measured) -> list[Block]:
    made = [part(measured) for part in (ranking, calibration, gain, score_distribution)]
    return [block for section in [*made, leakage(measured.result)] for block in section.blocks]


@cache
def drawn(kind: str) -> dict[str, Figure]:
    return figures(month(kind))


def figures(measured: Measured) -> dict[str, Figure]:
    return {block.name: block for block in blocks(measured) if isinstance(block, Figure)}


class Drawn(HTMLParser):
    """Counts shapes and texts, collects ids and what refers to them."""

    def __init__(self, svg: str) -> None:
        super().__init__()
        self.shapes, self.texts = 0, 0
        self.ids: list[str] = []
        self.feed(svg)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shapes += tag in {"path", "use"}
        self.texts += tag == "text"
        self.ids.extend(value for name, value in attrs if name == "id" and value)


@pytest.mark.parametrize("kind", MONTHS)
def test_every_figure_is_drawn_whatever_the_month_looks_like(kind: str) -> None:
    made = drawn(kind)
    assert {"ranking-bars", "reliability", "gain", "product-lift", "scores"} <= set(made)
    for name, figure in made.items():
        parsed = Drawn(figure.svg)
        assert parsed.shapes > 10, name
        assert parsed.texts > 3, name
        assert figure.alternative.endswith(".")
        assert figure.caption.endswith(".")


@pytest.mark.parametrize("kind", MONTHS)
def test_ids_are_told_apart_across_figures_and_every_reference_is_met(kind: str) -> None:
    svgs = [figure.svg for figure in drawn(kind).values()]
    ids = [name for svg in svgs for name in Drawn(svg).ids]
    assert len(ids) == len(set(ids))
    references = {n for svg in svgs for n in re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", svg)}
    assert references
    assert references <= set(ids)


def test_a_figure_takes_its_colours_from_the_page_and_nothing_from_outside() -> None:
    for figure in drawn("many products").values():
        assert "var(--model)" in figure.svg
        assert "currentColor" in figure.svg
        # Black is what a renderer falls back to: it would vanish on a dark page.
        assert set(re.findall(r"#[0-9a-f]{6}\b", figure.svg)) == set()
        assert "http" not in figure.svg
        assert "<metadata" not in figure.svg


def test_equal_months_give_equal_figures_to_the_byte() -> None:
    chances = spread_chances(400, 4)
    first, second = (figures(scored_month(chances)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("kind", "panels"), [("many products", 36), ("more than a page", 42)])
def test_every_product_with_additions_enough_has_a_calibration_panel(
    kind: str, panels: int
) -> None:
    figure = drawn(kind)["product-reliability"]
    assert len(re.findall(r">[\d,]+ added</text>", figure.svg)) == panels
    left_out = "18 with fewer additions are left out" in figure.caption
    assert left_out == (kind == "more than a page")


def test_without_a_product_with_additions_enough_the_section_says_so() -> None:
    assert "product-reliability" not in drawn("nobody added anything")
    quiet = blocks(month("nobody added anything"))
    said = [block.text for block in quiet if isinstance(block, Paragraph)]
    assert any("No product has the 200 additions" in text for text in said)


def test_the_lift_figure_names_every_product_somebody_added_with_its_lift() -> None:
    measured = month("many products")
    svg = drawn("many products")["product-lift"].svg
    for name, product in measured.result.products.items():
        assert f">{name}</text>" in svg
        assert f">{product.lift_at_top_tenth:.1f}  ({product.additions:,})</text>" in svg


def test_the_ranking_figure_shows_the_measured_values_of_all_rankings() -> None:
    measured = month("many products")
    svg = drawn("many products")["ranking-bars"].svg
    for name in ("model", "affinity", "transition", "popularity", "oracle"):
        assert f">{measured.result.rankings[name].map_at_7:.3f}</text>" in svg
    assert "oracle" in svg
    assert "oracle" not in drawn("two products")["ranking-bars"].svg


def test_a_drawing_is_never_higher_than_a_printed_page() -> None:
    svg = draw("tall", 40.0, lambda canvas: canvas.text(0.5, 0.5, "tall", color=INK))
    match = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    assert match
    assert float(match[2]) / 72 < 9.7
