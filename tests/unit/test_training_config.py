"""A training configuration is read strictly from YAML or TOML."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from training.config import ResolvedConfig, load_config
from training.errors import ConfigInvalid


def test_an_empty_file_is_the_defaults(tmp_path):
    file = tmp_path / "train.yaml"
    file.write_text("")
    assert load_config(file) == ResolvedConfig()


def test_yaml_and_toml_say_the_same(tmp_path):
    yaml, toml = tmp_path / "train.yaml", tmp_path / "train.toml"
    yaml.write_text("seed: 3\ntrain_until: 2016-03-28\npropensity:\n  rounds: 50\n")
    toml.write_text("seed = 3\ntrain_until = 2016-03-28\n[propensity]\nrounds = 50\n")
    assert load_config(yaml) == load_config(toml)
    assert load_config(yaml).train_until == date(2016, 3, 28)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("train.yaml", "propensity:\n  tress: 5\n", r"tress.*propensity"),
        ("train.yaml", "calibration:\n  folds: 1\n", r"int. >= 2 .*folds.*docs/training\.md"),
        ("train.yaml", "calibration:\n  folds: 5000\n", r"int. <= 50 .*folds.*docs/training\.md"),
        ("train.yaml", "propensity:\n  num_leaves: 1\n", r"int. >= 2 .*num_leaves"),
        ("train.toml", "[propensity]\nnum_leaves = 200000\n", r"int. <= 131072 .*num_leaves"),
        ("train.yaml", "threads: 0\n", r"int. >= 1 .*threads"),
        ("train.yaml", "threads: 100000\n", r"int. <= 256 .*threads"),
        ("train.yaml", "propensity:\n  rounds: 1000000001\n", r"int. <= 1000000000 .*rounds"),
        ("train.yaml", "propensity:\n  lambda_l2: .inf\n", r"float. <= 1000000000.0 .*lambda_l2"),
        ("train.yaml", "seed: 1\nthreads: 2\nseed: 2\n", r"(?s)'seed' stands twice.*line 3"),
        ("train.yaml", "propensity:\n  rounds: 5\n  rounds: 6\n", "'rounds' stands twice"),
        ("train.yaml", "seed: [\n", "not valid YAML"),
        ("train.toml", "seed = \n", "not valid TOML"),
        ("train.json", "{", "not valid JSON"),
        ("train.json", '{"seed": 1, "seed": 2}', "'seed' stands twice"),
        ("train.json", '{"affinity": {"factors": 9}}', "a run cannot choose it"),
        ("train.yaml", "affinity:\n  factors: 9\n", "a run cannot choose it"),
        ("train.ini", "", "neither"),
    ],
)
def test_a_mistake_is_named(tmp_path, name, text, says):
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(ConfigInvalid, match=says):
        load_config(file)


def test_what_a_bundle_says_of_its_run_configures_the_next_one(tmp_path):
    written = ResolvedConfig(seed=9, train_until=date(2016, 3, 28))
    file = tmp_path / "config.json"
    file.write_bytes(msgspec.json.encode(written))
    assert load_config(file) == written


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigInvalid, match=r"absent\.yaml cannot be read"):
        load_config(tmp_path / "absent.yaml")
