"""The serving group alone, installed from its lock, decides with a promoted bundle."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from model_registry.store import ModelStore
from tests.redis_server import private_redis
from tests.serving_process import serving
from tests.toy_bank import CUSTOMERS, install, toy_tables
from tests.toy_catalogue_files import toy_files, written

RECIPE = Path(__file__).parents[2] / "scripts" / "slim_environment"
OFFLINE = {
    "dask", "duckdb", "feast", "ibis", "implicit", "matplotlib", "mlflow", "pandas", "pandera",
    "polars", "pyarrow", "sklearn",
}  # fmt: skip
ONLINE = {"lightgbm", "litestar", "msgspec", "numpy", "service"}
ASK = {"customer_id": CUSTOMERS[0], "channel": "mobile_app", "locale": "en"}
# A module inside a package: one that is only looked for, and missing, leaves a line as well.
IMPORTED = re.compile(r"^import time:.*\| +(\w+)\.\w", re.MULTILINE)
DECIDE_AND_TELL = f"""
import json, sys
from litestar.testing import TestClient
from service import asgi
with TestClient(asgi.create_app()) as client:
    answer = client.post("/v1/decisions", json={ASK!r})
modules = [name for name, module in sys.modules.items() if module]
told = {{"answer": answer.json(), "service": asgi.__file__, "modules": modules}}
print(json.dumps(told))
"""


@dataclass(frozen=True)
class Slim:
    """The environment, and what its processes are told."""

    root: Path
    variables: dict[str, str]
    bundle_id: str


@pytest.fixture(scope="module")
def slim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slim]:
    from training.config import TrainConfig
    from training.features.build import build_features
    from training.features.online import materialize
    from training.train import train

    folder = tmp_path_factory.mktemp("slim")
    builder = os.environ | {"PYTHON": sys.executable}
    subprocess.run([RECIPE, folder / "environment"], env=builder, check=True)
    home = install(folder / "home", toy_tables())
    home.write_bank(msgspec.structs.replace(home.bank(), imported_at=datetime.now(UTC)))
    build_features(home)
    bundle_id = train(home, TrainConfig(threads=1)).bundle_id
    ModelStore(home).promote(bundle_id)
    (folder / "catalogue").mkdir()
    with private_redis() as url:
        materialize(home, url)
        variables = {
            "PATH": os.defpath,
            "NBO_HOME": str(home.root),
            "NBO_REDIS_URL": url,
            "NBO_CATALOGUE": str(written(folder / "catalogue", toy_files())),
        }
        yield Slim(folder / "environment", variables, bundle_id)


def test_a_decision_is_made_and_no_offline_module_is_in_the_interpreter(
    slim: Slim, tmp_path: Path
) -> None:
    done = subprocess.run(
        [slim.root / "bin" / "python", "-c", DECIDE_AND_TELL],
        env=slim.variables,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert Path(told["service"]).is_relative_to(slim.root)
    assert told["answer"]["served_from"] == "full"
    assert told["answer"]["versions"]["model"] == slim.bundle_id
    loaded = {name.partition(".")[0] for name in told["modules"]}
    assert loaded >= ONLINE
    assert loaded & OFFLINE == set()


def test_the_command_serves_and_no_process_of_it_imports_the_offline_half(
    slim: Slim, tmp_path: Path
) -> None:
    command = [str(slim.root / "bin" / "nbo")]
    saying_imports = slim.variables | {"PYTHONPROFILEIMPORTTIME": "1"}
    with serving(command, saying_imports, tmp_path) as service:
        answer = service.client.post("/v1/decisions", json=ASK).json()
    assert answer["served_from"] == "full"
    imported = set(IMPORTED.findall(service.told()))
    assert imported >= ONLINE
    assert imported & (OFFLINE | {"training"}) == set()


def test_what_the_image_needs_beside_modules_is_installed(slim: Slim) -> None:
    packages = slim.root / "lib" / "python3.11" / "site-packages"
    assert (packages / "catalogue" / "simulated" / "offers.yaml").exists()
    assert (packages / "training" / "ranker" / "kernel.c").exists()
    assert list(packages.glob("training/report/*.j2"))
    assert not {path.name.partition("-")[0] for path in packages.iterdir()} & OFFLINE
