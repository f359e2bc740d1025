"""Everything that decides what a training run gives, besides the data."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
import yaml

from training.affinity import AffinityConfig
from training.errors import ConfigInvalid

Positive = Annotated[int, msgspec.Meta(ge=1, le=10**9)]
NotNegative = Annotated[float, msgspec.Meta(ge=0.0, le=1e9)]
Seed = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Share = Annotated[float, msgspec.Meta(gt=0.0, le=1.0)]


class PropensityConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """LightGBM's parameters, under LightGBM's names where it has one."""

    rounds: Positive = 200
    learning_rate: Share = 0.1
    num_leaves: Annotated[int, msgspec.Meta(ge=2, le=131_072)] = 31
    min_data_in_leaf: Positive = 50
    feature_fraction: Share = 0.7
    bagging_fraction: Share = 0.8
    lambda_l2: NotNegative = 20.0
    """Keeps leaves of few additions small: at 100 rounds the simulated bank's out-of-fold AUC rises
    from 0.719 to 0.731; on the acquirer panel at 200, January → March stays at 0.832.
    """
    cat_smooth: NotNegative = 10.0
    prior_gain_weight: Share = 0.1
    """Factor on the split gain of affinity, popularity and transition.

    These are refitted every month, so they move between months as a whole: to a tree a million rows
    look like evidence, yet there are only as many observations as label months, and used freely
    they become a calendar and a fingerprint of the holdings. So they are monotone, additive (no
    interaction with other columns) and pay for a split with a tenth of its gain. On the acquirer
    panel (January trains, March tests; mean MAP@7 of two or three seeds, no L2) that gives 0.832,
    as leaving them out does; a twentieth of the gain without the structure 0.829, free use 0.816.
    January has no earlier label month, so this judges affinity; the other two follow by analogy.
    """


class CalibrationConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How calibration curves are fitted on out-of-fold predictions."""

    folds: Annotated[int, msgspec.Meta(ge=2, le=50)] = 3
    min_positives: Positive = 200
    """A product, then a group, with fewer borrows the next wider curve."""
    block_positives: Positive = 25
    """Positives per step of the isotonic fit: its rate is then known to about ± 20 %."""
    prior_positives: NotNegative = 50.0
    """Weight, in expected positives, of the borrowed curve against the product's own level."""


class TrainConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One training run; `train_until` is the last label month, included."""

    seed: Seed = 1
    train_until: date | None = None
    label_window_months: Positive = 6
    max_rows: Positive = 2_500_000
    max_negatives_per_positive: Positive = 50
    """Beyond either limit negatives are sampled; every probability undoes the sampling."""
    threads: Annotated[int, msgspec.Meta(ge=1, le=256)] = 2
    propensity: PropensityConfig = PropensityConfig()
    calibration: CalibrationConfig = CalibrationConfig()


class ResolvedConfig(TrainConfig, frozen=True, forbid_unknown_fields=True):
    """A run's configuration as its bundle shows it: with how the affinity feature was built.

    The features stand before a run starts, so a run cannot choose `affinity` itself.
    """

    affinity: AffinityConfig = AffinityConfig()


class _StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, of which YAML keeps the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping; `ConstructorError` where a key stands twice."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                raise yaml.constructor.ConstructorError(
                    problem=f"key {key!r} stands twice: remove one",
                    problem_mark=node.value[place][0].start_mark,
                )
        return super().construct_mapping(node, deep)


def load_config(path: Path) -> TrainConfig:
    """The configuration in a YAML, TOML or JSON file; unknown keys and bad values are refused.

    A bundle's `config.json` is one; its `affinity` must be what features are built with now.
    """
    try:
        config = msgspec.convert(_plain(path), type=ResolvedConfig)
    except OSError as error:
        raise ConfigInvalid(f"{path} cannot be read ({error.strerror}): check --config") from error
    except (
        yaml.YAMLError, tomllib.TOMLDecodeError, json.JSONDecodeError, UnicodeDecodeError
    ) as error:  # fmt: skip
        raise ConfigInvalid(f"{path} is not valid {path.suffix[1:].upper()}: {error}") from error
    except msgspec.ValidationError as error:
        raise ConfigInvalid(f"{path}: {error}: docs/training.md lists every key") from error
    if config.affinity != AffinityConfig():
        raise ConfigInvalid(
            f"{path}: affinity is how features are built, a run cannot choose it: remove that key"
        )
    return config


def _plain(path: Path) -> Any:
    if path.suffix in {".yaml", ".yml"}:
        # A subclass of the safe loader.
        return yaml.load(path.read_text(), _StrictLoader) or {}  # noqa: S506
    if path.suffix == ".toml":
        return tomllib.loads(path.read_text())
    if path.suffix == ".json":
        return json.loads(path.read_text(), object_pairs_hook=partial(_once, path))
    raise ConfigInvalid(f"{path} is neither .yaml, .yml, .toml nor .json: rename it")


def _once(path: Path, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The mapping; of a key given twice JSON keeps the last without a word."""
    keys = [key for key, _ in pairs]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            raise ConfigInvalid(f"{path}: key {key!r} stands twice: remove one")
    return dict(pairs)
