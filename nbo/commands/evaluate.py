"""`nbo evaluate`: one bundle against a month it has not seen."""

from __future__ import annotations

from datetime import datetime

import rich_click as click

from nbo.bundle_sections import shown_measure
from nbo.local_home import local_home
from nbo.output import json_option, print_facts, print_json, print_table
from nbo.progress import shown_progress


@click.command()
@click.option("--model", metavar="ID", help="[default: the newest bundle]")
@click.option(
    "--test-month",
    type=click.DateTime(formats=["%Y-%m-%d"]),
    required=True,
    help="Snapshot date after the bundle's last label month.",
)
@json_option
def evaluate(model: str | None, test_month: datetime, as_json: bool) -> None:
    """Rank what each customer does not hold, and compare with what she added that month.

    map_at_7: mean over customers with an addition of the average precision among the first 7.
    ndcg_at_5: discounted gain of the first 5. hit_rate_at_1: share whose first was added.
    auc_weighted: AUC per product, weighted by its additions. ece: calibration error in 15
    equal-mass bins. coverage: share of products in somebody's first 7. popularity_map_at_7 and the
    other baselines are measured on the same customers.

    Example: nbo evaluate --test-month 2016-05-28 --json
    """
    from training.evaluation import evaluate as measure

    with shown_progress() as progress:
        result = measure(local_home(), model, test_month.date(), progress=progress)
    if as_json:
        print_json(result)
    else:
        print_facts((name, _shown(name, value)) for name, value in result.items())
        measures = tuple(result.rankings[next(iter(result.rankings))].__struct_fields__)
        rows = (
            (
                name,
                *(f"{getattr(quality, measure):.3f}" for measure in measures),
                "{0.low:.3f} … {0.high:.3f}".format(result.intervals[name].map_at_7),
            )
            for name, quality in result.rankings.items()
        )
        print_table(("ranking", *measures, "map_at_7, 95 %"), rows)


def _shown(name: str, value: object) -> object:
    return shown_measure(name, value) if isinstance(value, int | float) else value
