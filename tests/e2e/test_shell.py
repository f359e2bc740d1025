"""The commands of one home, one after the other, as somebody at a shell types them."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from nbo.loopback_ports import free_port
from service.adapters.shipped_catalogues import catalogue_folder
from tests.e2e.running_bank import Installation

StayingUp = tuple[subprocess.Popen[str], int]

DEADLINE_SECONDS = 280.0


@pytest.fixture(scope="module")
def home(demo_home: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    copied = tmp_path_factory.mktemp("shell") / "home"
    return Path(shutil.copytree(demo_home[0], copied))


@pytest.fixture(scope="module")
def printed_by_demo(demo_home: tuple[Path, str]) -> str:
    return demo_home[1]


@pytest.fixture
def demo_staying_up(home: Path, printed_by_demo: str) -> Iterator[StayingUp]:
    port = free_port()
    demo = subprocess.Popen(
        bank(home).command("demo", "--port", str(port)),
        env=bank(home).environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield demo, port
    demo.kill()
    demo.communicate()


def test_the_demo_asks_for_a_login_a_call_and_somebody_unknown(printed_by_demo: str) -> None:
    login, call, unknown = printed_by_demo.split("served from ")[1:]
    assert "home_feed" in login
    assert "next_best_action" in call
    assert "customer_unknown" in unknown
    for answer in (login, call, unknown):
        assert "priority" in answer
        assert "withheld because of" in answer


def test_what_the_demo_and_its_children_wrote_is_closed_to_others(
    demo_home: tuple[Path, str],
) -> None:
    written = [file for file in demo_home[0].rglob("*") if not file.is_symlink()]
    folders = {file.relative_to(demo_home[0]).parts[0] for file in written}
    assert folders >= {"tables", "features", "models", "log", "anchors", "bank.json"}
    assert [file for file in written if file.stat().st_mode & 0o077] == []


@pytest.mark.usefixtures("printed_by_demo")
def test_what_the_demo_trained_and_loaded_is_there_for_the_other_commands(home: Path) -> None:
    listed = bank(home).run_json("models", "list")
    assert [row["champion"] for row in listed] == [True]
    verified = bank(home).run_json("models", "verify")
    assert verified == {"verified": [listed[0]["bundle"]], "refused": {}, "other_contract": []}
    shown = bank(home).run_json("features", "show", "--customer", "C0000001")
    assert shown["views"]["product_holdings"]["age_days"] is not None
    answer = bank(home).run_json("decide", "--customer", "C0000001")
    assert answer["served_from"] == "full"
    assert answer["versions"]["model"] == listed[0]["bundle"]


@pytest.mark.usefixtures("printed_by_demo")
def test_a_decision_from_the_shell_says_that_it_leaves_no_record_and_leaves_none(
    home: Path, tmp_path: Path
) -> None:
    changed = Path(shutil.copytree(catalogue_folder("", bank="simulated"), tmp_path / "catalogue"))
    policy = changed / "policy.yaml"
    policy.write_text(policy.read_text(encoding="utf-8") + "# another version\n", encoding="utf-8")
    before = bank(home).run_json("events", "list", "--limit", "1000")
    done = subprocess.run(
        bank(home).command("decide", "--customer", "C0000001"),
        env=bank(home).environment() | {"NBO_CATALOGUE": str(changed)},
        capture_output=True,
        text=True,
        check=True,
    )
    last = done.stdout.splitlines()[-1]
    assert last.startswith("catalogue ")
    assert last.endswith("a dry run, not recorded, and no cap counts it")
    assert bank(home).run_json("events", "list", "--limit", "1000") == before


@pytest.mark.usefixtures("printed_by_demo")
def test_one_flipped_byte_is_named_and_refused(home: Path) -> None:
    champion = bank(home).run_json("models", "list")[0]["bundle"]
    file = home / "models" / champion / "metrics.json"
    before = file.read_bytes()
    file.write_bytes(bytes([before[0] ^ 1]) + before[1:])
    verify = bank(home).command("models", "verify")
    environment = bank(home).environment()
    done = subprocess.run(verify, env=environment, capture_output=True, text=True, check=False)
    file.write_bytes(before)
    assert done.returncode == 1
    assert "metrics.json" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demo_stays_up_until_ctrl_c_and_leaves_nothing_running(
    demo_staying_up: StayingUp, home: Path
) -> None:
    demo, port = demo_staying_up
    assert demo.stderr is not None
    for line in demo.stderr:
        if "/schema" in line:
            break
    assert status(port, "/schema") == 200
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=DEADLINE_SECONDS)
    assert demo.returncode == 0
    assert status(port, "/health/live") is None
    assert not (home / "redis" / "server.json").exists()


@pytest.mark.usefixtures("printed_by_demo")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_service_stopped_by_a_signal_stops_its_redis_too(
    home: Path, number: signal.Signals
) -> None:
    port = free_port()
    with subprocess.Popen(
        bank(home).command("serve", "--port", str(port)),
        env=bank(home).environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as service:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while status(port, "/health/ready") != 200:
            assert service.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        service.send_signal(number)
        service.wait(DEADLINE_SECONDS)
    assert not (home / "redis" / "server.json").exists()
    assert (home / "redis" / "dump.rdb").exists()


def bank(home: Path) -> Installation:
    return Installation(home)


def status(port: int, path: str) -> int | None:
    """The HTTP status, None when nobody answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10.0)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
