"""The report as one HTML page that needs nothing else."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from training.report.blocks import Section
from training.report.sections.calibration import calibration
from training.report.sections.data_window import data_window
from training.report.sections.gain import gain
from training.report.sections.importance import importance
from training.report.sections.leakage import leakage
from training.report.sections.products import products
from training.report.sections.provenance import provenance
from training.report.sections.ranking import ranking
from training.report.sections.score_distribution import score_distribution
from training.report.sections.summary import summary
from training.report.training_run import TrainingRun

_TEMPLATE = "page.html.j2"
_STYLE_SHEET = "page.css"


def report_page(run: TrainingRun) -> bytes:
    """One self-contained HTML page; equal runs give equal bytes."""
    page = _template().render(
        run=run,
        sections=list(sections(run)),
        style=Markup(_source(_STYLE_SHEET)),  # noqa: S704 - a file of this package
    )
    return (page.strip() + "\n").encode()


def sections(run: TrainingRun) -> list[Section]:
    """The chapters in order; those about a test month only where there is one."""
    measured = run.measured
    about_test_month = (
        []
        if measured is None
        else [
            ranking(measured),
            calibration(measured),
            gain(measured),
            score_distribution(measured),
            products(run, measured),
            leakage(measured.result),
        ]
    )
    return [summary(run), data_window(run), *about_test_month, importance(run), provenance(run)]


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("training", "report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


def _template() -> Template:
    return _environment().get_template(_TEMPLATE)


def _source(name: str) -> str:
    environment = _environment()
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]
