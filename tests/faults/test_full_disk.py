"""No byte can be written any more: what was there stays, and the reason is one line."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from litestar.testing import TestClient

from model_registry.home import Home
from model_registry.store import ModelStore
from service.telemetry.line_writer import LineWriter
from tests.bundle_drafts import draft
from tests.fakes import FakeCustomerStore, ToyService
from tests.faults.served_bank import inherited, until
from tests.toy_bank import identity

ROOT = Path(__file__).parents[2]
FULL = """
import resource, sys
from pathlib import Path
import model_registry.store, service.adapters.tracking_key, nbo.cli, nbo.commands.models
import tests.bundle_drafts
resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))
"""


def with_a_full_disk(work: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run it where no file can grow beyond sixteen bytes."""
    return subprocess.run(
        [sys.executable, "-c", FULL + work, str(home)],
        cwd=ROOT,
        env=inherited() | {"NBO_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.write_bank(identity())
    return home


def test_a_promotion_that_cannot_be_written_leaves_the_champion_it_found(home: Home) -> None:
    store = ModelStore(home)
    old, new = store.write(draft()), store.write(draft(second=1))
    store.promote(old)
    promote = f"sys.exit(nbo.cli.run(['models', 'promote', '--no-compile', '{new}']))"
    done = with_a_full_disk(promote, home.root)
    assert done.returncode == 1, done.stderr
    lines = done.stderr.strip().splitlines()
    assert all(line.startswith("nbo: ") for line in lines), done.stderr
    assert "File too large" in lines[-1]
    assert store.champion() == old
    store.promote(new)
    assert store.champion() == new


@pytest.mark.parametrize("has_keys", [False, True])
def test_a_bundle_that_cannot_be_written_does_not_appear(home: Home, has_keys: bool) -> None:
    """Without keys it is the first of them that does not fit on the disk."""
    store = ModelStore(home)
    before = [store.write(draft(second=1))] if has_keys else []
    write = (
        "from model_registry.home import Home\n"
        "model_registry.store.ModelStore(Home(Path(sys.argv[1]))).write(tests.bundle_drafts.draft())"
    )
    assert "File too large" in with_a_full_disk(write, home.root).stderr
    assert store.list() == before
    assert not any(path.is_file() for path in home.models.glob(".2026*/*"))
    store.verify(store.write(draft()))


def test_a_tracking_key_that_cannot_be_written_is_said_and_leaves_no_half_of_one(
    home: Home,
) -> None:
    key = "service.adapters.tracking_key.tracking_key(Path(sys.argv[1]) / 'keys')"
    done = with_a_full_disk(key, home.root)
    assert "SettingsInvalid" in done.stderr
    assert "free disk space" in done.stderr
    assert list(home.keys.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is full")
def test_a_log_that_cannot_be_written_costs_no_answer() -> None:
    with Path("/dev/full").open("wb") as full, closing(LineWriter(full)) as lines:
        service = ToyService(store=FakeCustomerStore({}), stream=lines)
        with TestClient(service.app()) as client:
            for _ in range(3):
                asked = {"customer_id": "x", "channel": "mobile_app"}
                assert client.post("/v1/decisions", json=asked).status_code == 200
        until(lambda: not lines._pending)  # refused, and the thread lives
        assert lines._thread is not None
        assert lines._thread.is_alive()
