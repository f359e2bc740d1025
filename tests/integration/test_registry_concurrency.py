"""Several processes use one home at once, from its first use on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from model_registry.home import Home
from model_registry.store import ModelStore
from tests.bundle_drafts import draft

ROOT = Path(__file__).parents[2]
PROCESSES = 6
START = """
import sys
from pathlib import Path
from model_registry.home import Home
from model_registry.store import ModelStore
from tests.bundle_drafts import draft
store, number = ModelStore(Home(Path(sys.argv[1]))), int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
"""
WRITE = "store.verify(store.write(draft(second=number)))"
WRITE_THE_SAME = "store.verify(store.write(draft()))"
PROMOTE = "[store.promote(name) for name in store.list()[number::6]]"
ROLL_BACK = "store.rollback()"


def all_at_once(home: Home, work: str) -> None:
    """Run the work in several processes that start together; all of them succeed."""
    command = [sys.executable, "-c", START + work, str(home.root)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    running = [
        subprocess.Popen([*command, str(number)], cwd=ROOT, text=True, **pipes)
        for number in range(PROCESSES)
    ]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    for process in running:
        process.stdin.write("go\n")
        process.stdin.flush()
    errors = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0] * PROCESSES, errors


def history(home: Home) -> list[str]:
    """The champion and those before it, newest last."""
    record = json.loads((home.models / "champion.json").read_bytes())
    return [*record["history"], record["bundle_id"]]


@pytest.mark.parametrize(("work", "bundles"), [(WRITE, PROCESSES), (WRITE_THE_SAME, 1)])
def test_processes_that_first_use_a_home_at_once_sign_with_one_key(tmp_path, work, bundles):
    home = Home(tmp_path)
    all_at_once(home, work)

    assert len(list((home.keys / "trusted").iterdir())) == 1
    assert [path.name for path in home.keys.glob(".signing*")] == []
    assert len(ModelStore(home).list()) == bundles
    for bundle_id in ModelStore(home).list():
        ModelStore(home).verify(bundle_id)


def test_promotions_and_rollbacks_at_once_lose_no_champion(tmp_path):
    home = Home(tmp_path)
    store = ModelStore(home)
    written = sorted(store.write(draft(second=second)) for second in range(PROCESSES * 4))

    all_at_once(home, PROMOTE)
    promoted = history(home)
    assert sorted(promoted) == written

    all_at_once(home, ROLL_BACK)
    assert history(home) == promoted[:-PROCESSES]
