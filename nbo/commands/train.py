"""`nbo train`: models, evaluation, a signed bundle and a report."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from nbo.bundle_sections import shown_measure
from nbo.local_home import local_home
from nbo.output import json_option, note, print_facts, print_json
from nbo.preparation import SOURCES, WantedBank, provide_bank, provide_features
from nbo.progress import shown_progress

if TYPE_CHECKING:
    from training.config import TrainConfig

DATE = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.option("--source", type=click.Choice(SOURCES), help="[default: the bank the home holds]")
@click.option("--path", type=click.Path(exists=True, path_type=Path), help="Import this first.")
@click.option("--bank", help="With --source tables: the bank's short name.")
@click.option(
    "--currency",
    help="With --source tables.  [default: the one NBO_HOME holds this bank in, else EUR]",
)
@click.option(
    "--train-until",
    type=DATE,
    help="Last label month, included.  [default: the last but one; the last one measures]",
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML, TOML or JSON file, such as a bundle's config.json.",
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Same seed and data, same bytes.")
@json_option
def train(as_json: bool, **options: Any) -> None:
    """Train on the home's bank and write a candidate bundle with its evaluation.

    Example: nbo train --source santander --path train_ver2.csv --train-until 2016-04-28
    """
    home = local_home()
    config = _config(options["config_file"], options["train_until"], options["seed"])
    wanted = WantedBank(
        source=options["source"],
        path=options["path"],
        name=options["bank"],
        currency=options["currency"],
    )
    with shown_progress() as progress:
        summary = provide_bank(wanted, home, progress)
        if summary is not None and summary.replaced is not None:
            note(summary.replaced)
        provide_features(home, progress)
        from training.train import train as fit

        trained = fit(home, config, progress=progress)
    for line in trained.notes:
        note(f"nbo: {line}")
    if as_json:
        print_json(trained)
    else:
        measures = ((name, shown_measure(name, v)) for name, v in trained.metrics.items())
        report = home.models / trained.bundle_id / "report.html"
        print_facts([("bundle", trained.bundle_id), ("report", report), *measures])


def _config(file: Path | None, until: datetime | None, seed: int | None) -> TrainConfig:
    import msgspec

    from training.config import TrainConfig, load_config

    config = load_config(file) if file is not None else TrainConfig()
    given = {"train_until": until and until.date(), "seed": seed}
    return msgspec.structs.replace(
        config, **{name: value for name, value in given.items() if value is not None}
    )
