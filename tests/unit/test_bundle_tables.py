"""What `nbo models list` and `nbo models show` tell a person, and leave alone for a machine."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path

import msgspec
import pytest

from model_registry.home import Home
from model_registry.store import ModelStore
from nbo.cli import run
from tests.bundle_drafts import FILES, draft

MEASURES = {"map_at_7": 0.31, "affinity_map_at_7": 0.232, "popularity_map_at_7": 0.16}
ANOTHER_CONTRACT = "c" * 64
NOT_COMPARABLE = "MAP@7 compares only within one test set"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("NBO_HOME", str(tmp_path))
    return Home(tmp_path)


def stored(
    home: Home,
    second: int = 0,
    month: str | None = "2026-06-30",
    *,
    interval: tuple[float | None, float | None] | None = None,
    config: dict[str, object] | None = None,
    **changes: object,
) -> str:
    """A bundle measured on a month; None for one that was not."""
    tested = {
        "test_month": month,
        "leakage_alarm": ["mortgage"],
        "intervals": {"model": {"map_at_7": interval}},
    }
    files = FILES | {
        "metrics.json": json.dumps({"evaluation": tested if month else None}).encode(),
        "config.json": json.dumps(config or {}).encode(),
    }
    made = draft(second, files)
    manifest = msgspec.structs.replace(made.manifest, **{"summary_metrics": MEASURES, **changes})
    return ModelStore(home).write(dataclasses.replace(made, manifest=manifest))


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert run(words) == 0
    return capsys.readouterr().out


def test_a_list_shows_the_month_measured_on_and_the_lead_over_the_best_baseline(home, capsys):
    bundle = stored(home)
    text = said(["models", "list"], capsys)
    (row,) = [line for line in text.splitlines() if bundle in line]
    for cell in ("2026-05-31", "2026-06-30", "0.310", "affinity 0.232", "+0.078"):
        assert cell in row
    assert NOT_COMPARABLE not in text


def test_bundles_of_different_months_or_data_are_told_apart_as_not_comparable(home, capsys):
    first = stored(home, 1)
    same = stored(home, 2)
    later = stored(home, 3, month="2026-07-31")
    other_data = stored(home, 4, data_fingerprint="e" * 64)
    text = said(["models", "list"], capsys)
    sets = {
        bundle: line.split("│")[6].strip()
        for line in text.splitlines()
        for bundle in (first, same, later, other_data)
        if bundle in line
    }
    assert sets == {first: "A", same: "A", later: "B", other_data: "C"}
    assert NOT_COMPARABLE in text


def test_a_bundle_that_was_not_measured_shows_no_measure(home, capsys):
    bundle = stored(home, month=None, summary_metrics={})
    text = said(["models", "list"], capsys)
    (row,) = [line for line in text.splitlines() if bundle in line]
    assert "not measured" in row


def test_a_damaged_bundle_is_listed_with_what_is_wrong(home, capsys):
    bundle = stored(home)
    (home.models / bundle / "metrics.json").write_bytes(b"{}")
    text = said(["models", "list"], capsys)
    assert "refused" in text
    assert "metrics.json was altered or truncated" in text


def test_a_bundle_of_another_feature_contract_is_marked_and_shown_with_what_it_measured(
    home, capsys
):
    bundle, fitting = stored(home, 1, contract_digest=ANOTHER_CONTRACT), stored(home, 2)
    text = said(["models", "list"], capsys)
    rows = {name: line for line in text.splitlines() for name in (bundle, fitting) if name in line}
    (row,) = [line for line in text.splitlines() if bundle in line and "0.310" in line]
    assert "✗" in row
    assert "✗" not in rows[fitting]
    assert f"refused: bundle {bundle} was trained under another feature contract" in text
    listed = json.loads(said(["models", "list", "--json"], capsys))
    assert [row.get("other_contract", False) for row in listed] == [True, False]


def test_verify_finds_a_bundle_of_another_feature_contract_whole_and_says_so(home, capsys):
    bundle, fitting = stored(home, 1, contract_digest=ANOTHER_CONTRACT), stored(home, 2)
    assert run(["models", "verify"]) == 0
    printed = capsys.readouterr()
    (row,) = [line for line in printed.out.splitlines() if bundle in line]
    assert "whole, but of another feature contract" in row
    assert "trained under another feature contract" in printed.err
    assert fitting not in printed.err
    told = json.loads(said(["models", "verify", "--json"], capsys))
    assert told == {"verified": [bundle, fitting], "refused": {}, "other_contract": [bundle]}


def test_the_champion_is_marked_and_explained(home, capsys):
    bundle = stored(home)
    ModelStore(home).promote(bundle)
    text = said(["models", "list"], capsys)
    (row,) = [line for line in text.splitlines() if bundle in line]
    assert "●" in row
    assert "champion: the bundle that serves" in text


def test_an_empty_home_says_what_to_do(home, capsys):
    assert "run `nbo train`" in said(["models", "list"], capsys)


def test_one_bundle_is_shown_in_sections_with_rounded_numbers(home, capsys):
    vocabulary = ["account", "card", "fund"]
    bundle = stored(
        home,
        product_vocabulary=vocabulary,
        product_groups={"account": "daily", "card": "daily", "fund": "wealth"},
        category_levels={"region": ["north", "south"], "segment": []},
        summary_metrics=MEASURES | {"ece": 0.00111645, "customers": 1988.0},
        negative_sampling_rate=0.34712,
    )
    text = said(["models", "show", bundle], capsys)
    lines = [line.strip() for line in text.splitlines()]
    assert {"Training", "Measured on new data", "Data", "Files (SHA-256)"} <= set(lines)
    facts = {" ".join(line.split()) for line in lines}
    assert {"MAP@7 0.310", "calibration error 0.0011", "customers 1,988"} <= facts
    assert {"products 3: 2 daily, 1 wealth", "categories (levels) region (2)"} <= facts
    assert {"negatives kept 34.7 %", "leakage alarm mortgage", "test month 2026-06-30"} <= facts
    assert "f" * 64 not in text
    assert "{" not in text


def test_two_bundles_stand_side_by_side_with_what_differs_marked(home, capsys):
    first, second = stored(home, 1), stored(home, 2, month="2026-07-31", seed=5)
    text = said(["models", "show", first, second], capsys)
    marked = {line.split("│")[1].strip() for line in text.splitlines() if "≠" in line}
    assert {"seed", "test month"} <= marked
    assert "bank" not in marked
    assert NOT_COMPARABLE in text


def test_one_bundle_prints_its_configuration(home, capsys):
    bundle = stored(home, config={"seed": 1, "propensity": {"rounds": 200}})
    facts = {
        " ".join(line.split()) for line in said(["models", "show", bundle], capsys).split("\n")
    }
    assert {"Configuration", "seed 1", "propensity.rounds 200"} <= facts


def test_of_two_bundles_the_settings_that_differ_are_listed_and_no_others(home, capsys):
    first = stored(
        home, 1, config={"max_rows": 10, "propensity": {"rounds": 200, "num_leaves": 31}}
    )
    second = stored(
        home, 2, config={"max_rows": 10, "propensity": {"rounds": 50, "num_leaves": 31}}
    )
    text = said(["models", "show", first, second], capsys)
    (row,) = [line for line in text.splitlines() if "propensity.rounds" in line]
    assert [cell.strip() for cell in row.split("│")[2:5]] == ["200", "50", "≠"]
    assert "propensity.seed" not in text
    assert "max_rows" not in text
    assert "all settings" in said(["models", "show", first, first], capsys)


@pytest.mark.parametrize(
    ("intervals", "says"),
    [
        (((0.30, 0.34), (0.33, 0.37)), "overlap (0.300 … 0.340 and 0.330 … 0.370)"),
        (((0.30, 0.32), (0.33, 0.37)), "do not overlap"),
        (((0.30, 0.32), (0.33, 0.37)), "the second ranks better"),
        (((0.33, 0.37), (0.30, 0.32)), "the first ranks better"),
    ],
)
def test_of_two_bundles_of_one_month_it_is_said_whether_they_can_be_told_apart(
    home, capsys, intervals, says
):
    bundles = [stored(home, n, interval=interval) for n, interval in enumerate(intervals)]
    assert says in said(["models", "show", *bundles], capsys)


@pytest.mark.parametrize(
    "other",
    [{"month": "2026-07-31", "interval": (0.3, 0.4)}, {"interval": (None, None)}, {"month": None}],
)
def test_nothing_is_said_of_intervals_that_do_not_compare(home, capsys, other):
    bundles = stored(home, 1, interval=(0.3, 0.4)), stored(home, 2, **other)
    assert "overlap" not in said(["models", "show", *bundles], capsys)


def test_json_holds_every_digit_and_the_same_keys_as_ever(home, capsys):
    bundle = stored(home)
    (row,) = json.loads(said(["models", "list", "--json"], capsys))
    assert row == {
        "bundle": bundle,
        "champion": False,
        "bank": "toy",
        "train_until": str(date(2026, 5, 31)),
        "map_at_7": 0.31,
        "metrics": MEASURES,
    }
    manifest = json.loads(said(["models", "show", bundle, "--json"], capsys))
    assert manifest["data_fingerprint"] == "f" * 64
    assert manifest["summary_metrics"] == MEASURES
