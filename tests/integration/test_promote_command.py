"""What `nbo models promote` refuses before anything changes, and says of a new champion."""

from __future__ import annotations

import json

import msgspec
import pytest

from model_registry.home import Home
from model_registry.manifest import BundleDraft
from model_registry.store import ModelStore
from nbo.cli import run
from tests.bundle_drafts import FILES, draft

MEASURES = {"map_at_7": 0.31, "affinity_map_at_7": 0.232, "popularity_map_at_7": 0.16}

ANOTHER_CONTRACT = "c" * 64


def of_bank(bank: str, **changes: object) -> BundleDraft:
    """A draft trained for that bank."""
    made = draft()
    return BundleDraft(msgspec.structs.replace(made.manifest, bank=bank, **changes), made.files)


def measured(home: Home, month: str = "2026-06-30", **measures: float) -> str:
    """A stored bundle that was measured on a month, its MAP@7 to within 0.02."""
    summary = MEASURES | measures
    model = summary["map_at_7"]
    lead = model - summary["affinity_map_at_7"]
    intervals = {
        "model": {"map_at_7": [model - 0.02, model + 0.02]},
        "affinity": {"model_lead_map_at_7": [lead - 0.01, lead + 0.01]},
    }
    made = of_bank(home.bank().bank, summary_metrics=summary)
    metrics = json.dumps({"evaluation": {"test_month": month, "intervals": intervals}}).encode()
    return ModelStore(home).write(BundleDraft(made.manifest, FILES | {"metrics.json": metrics}))


def test_promotes_a_bundle_of_the_bank_at_home(home: Home) -> None:
    store = ModelStore(home)
    bundle_id = store.write(of_bank(home.bank().bank))
    assert run(["models", "promote", bundle_id]) == 0
    assert store.champion() == bundle_id


def test_refuses_a_bundle_of_another_bank(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    store = ModelStore(home)
    bundle_id = store.write(of_bank("somebody_else"))
    assert run(["models", "promote", bundle_id]) == 1
    assert "trained for bank somebody_else" in capsys.readouterr().err
    assert store.champion() is None


def test_refuses_a_bundle_of_another_feature_contract(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ModelStore(home)
    bundle_id = store.write(of_bank(home.bank().bank, contract_digest=ANOTHER_CONTRACT))
    assert run(["models", "promote", bundle_id]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{bundle_id} was trained under another feature contract" in line
    assert store.champion() is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"contract_digest": ANOTHER_CONTRACT}, "trained under another feature contract"),
        ({"bank": "somebody_else"}, "trained for bank somebody_else"),
    ],
)
@pytest.mark.parametrize("compiles", [[], ["--no-compile"]])
def test_does_not_roll_back_to_a_bundle_that_cannot_serve_here(
    home: Home,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, str],
    says: str,
    compiles: list[str],
) -> None:
    store = ModelStore(home)
    former = store.write(of_bank(**{"bank": home.bank().bank} | changes))
    champion = measured(home)
    store.promote(former)
    store.promote(champion)
    assert run(["models", "rollback", *compiles]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line
    assert store.champion() == champion


def test_an_altered_bundle_is_refused_before_anything_is_built_of_it(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle_id = measured(home)
    file = home.models / bundle_id / "propensity.txt"
    file.write_bytes(file.read_bytes()[:-1])
    assert run(["models", "promote", bundle_id]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert "propensity.txt was altered or truncated" in line


def test_an_altered_former_champion_is_refused_before_anything_is_built_of_it(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ModelStore(home)
    former, champion = measured(home), store.write(of_bank(home.bank().bank))
    store.promote(former)
    store.promote(champion)
    file = home.models / former / "propensity.txt"
    file.write_bytes(file.read_bytes()[:-1])
    assert run(["models", "rollback"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "propensity.txt was altered or truncated" in line
    assert store.champion() == champion


def test_a_new_champion_stands_with_month_lead_and_ranker(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle_id = measured(home)
    assert run(["models", "promote", bundle_id, "--no-compile"]) == 0
    told = {" ".join(line.split()) for line in capsys.readouterr().out.splitlines()}
    assert {
        f"champion {bundle_id}",
        "test month 2026-06-30",
        "lead +0.078 MAP@7 over affinity (0.232)",
    } < told
    assert any(line.startswith("ranker LightGBM: none was built") for line in told)


def test_a_machine_reads_the_same_of_a_new_champion(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle_id = measured(home)
    assert run(["models", "promote", bundle_id, "--no-compile", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["champion"] == bundle_id
    assert told["test_month"] == "2026-06-30"
    assert told["best_baseline"] == "affinity"
    assert told["lead_map_at_7"] == pytest.approx(0.078)
    assert told["ranker"]["name"] == "lightgbm"


def test_a_champion_that_was_never_measured_says_so(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle_id = ModelStore(home).write(of_bank(home.bank().bank, summary_metrics={}))
    assert run(["models", "promote", bundle_id, "--no-compile"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["test", "month", "not", "measured"] in lines
    assert not any(line[0] == "lead" for line in lines)


def warned(bundle_id: str, capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    """What promoting it says on stderr; it is promoted all the same."""
    assert run(["models", "promote", bundle_id, "--no-compile", *options]) == 0
    return capsys.readouterr().err.splitlines()


def test_a_bundle_that_was_never_measured_is_promoted_with_a_warning(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle_id = ModelStore(home).write(of_bank(home.bank().bank, summary_metrics={}))
    (line,) = warned(bundle_id, capsys)
    assert f"{bundle_id} was not measured on any month: nbo evaluate --model" in line
    assert ModelStore(home).champion() == bundle_id


def test_a_bundle_below_its_best_baseline_is_promoted_with_a_warning(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle_id = measured(home, map_at_7=0.2)
    (line,) = warned(bundle_id, capsys)
    assert "worse than its baseline affinity: MAP@7 0.200 beside 0.232" in line
    assert "(-0.032, 95 % -0.042 … -0.022)" in line
    assert ModelStore(home).champion() == bundle_id


def test_a_bundle_the_champion_outdoes_on_the_same_month_is_promoted_with_a_warning(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    champion, bundle_id = measured(home, map_at_7=0.34), measured(home, map_at_7=0.31)
    assert warned(champion, capsys) == []
    (line,) = warned(bundle_id, capsys)
    assert f"champion {champion} ranks better on the same month" in line
    assert "0.340 beside 0.310 (95 % 0.290 … 0.330)" in line


@pytest.mark.parametrize(
    "champion", [{"map_at_7": 0.325}, {"map_at_7": 0.4, "month": "2026-07-31"}]
)
def test_a_bundle_the_champion_cannot_be_told_to_outdo_is_promoted_in_silence(
    home: Home, capsys: pytest.CaptureFixture[str], champion: dict
) -> None:
    for bundle_id in (measured(home, **champion), measured(home), measured(home)):
        assert warned(bundle_id, capsys) == []


def test_a_warning_leaves_the_document_for_machines_as_it_is(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle_id = measured(home, map_at_7=0.2)
    assert run(["models", "promote", bundle_id, "--no-compile", "--json"]) == 0
    printed = capsys.readouterr()
    assert "worse than its baseline" in printed.err
    told = json.loads(printed.out)
    assert set(told) == {"champion", "test_month", "best_baseline", "lead_map_at_7", "ranker"}
