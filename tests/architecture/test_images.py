"""The images as their files describe them: who runs, what is copied, what is installed."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from nbo.redis_binary import find_binary
from service.errors import SettingsInvalid
from service.settings import KNOWN_KEYS, read_settings

ROOT = Path(__file__).parents[2]
ANCHORS = "/var/lib/nbo-anchors"
PINNED = re.compile(r"^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?[\w.-]*$")


@dataclass
class Stage:
    """One stage of the Dockerfile: its base and its instructions in order."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def of(self, instruction: str) -> list[str]:
        """The arguments of every such instruction."""
        return [arguments for name, arguments in self.steps if name == instruction]


def stages() -> dict[str, Stage]:
    """The Dockerfile, stage by stage."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line.strip() for line in text.splitlines()]
    found: dict[str, Stage] = {}
    current = Stage("")
    (python,) = (line.partition("=")[2] for line in lines if line.startswith("ARG PYTHON_IMAGE="))
    for line in lines:
        if not line or line.startswith("#"):
            continue
        name, _, arguments = line.partition(" ")
        if name == "FROM":
            base, _, called = arguments.partition(" AS ")
            current = found[called] = Stage(base.replace("${PYTHON_IMAGE}", python))
        else:
            current.steps.append((name, " ".join(arguments.split())))
    return found


def lineage(name: str) -> list[Stage]:
    """The stage and those it is built on, the first last."""
    known, stage = stages(), stages()[name]
    return [stage, *(lineage(stage.base) if stage.base in known else [])]


def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    return document


@pytest.mark.parametrize("name", ["service", "batch"])
def test_an_image_runs_as_nobody_of_consequence_and_stops_on_sigterm(name: str) -> None:
    last, *before = lineage(name)
    assert last.of("USER") == ["nbo:nbo"]
    instructions = [step for step, _ in last.steps]
    assert "RUN" not in instructions[instructions.index("USER") :]
    assert [signal for stage in before for signal in stage.of("STOPSIGNAL")] == ["SIGTERM"]
    assert [volume for stage in before for volume in stage.of("VOLUME")] == ['["/var/lib/nbo"]']
    assert "libgomp1" in " ".join(run for stage in before for run in stage.of("RUN"))


def test_the_service_is_the_default_target() -> None:
    assert list(stages())[-1] == "service"


def test_only_the_serving_group_reaches_the_image_that_serves() -> None:
    copied = [step for stage in lineage("service") for step in stage.of("COPY")]
    assert copied == ["--from=service-builder /opt/nbo /opt/nbo"]
    builds = " ".join(run for stage in lineage("service-builder") for run in stage.of("RUN"))
    assert "scripts/slim_environment /opt/nbo" in builds
    assert not re.search(r"(batch|dev)\.txt", builds)
    recipe = (ROOT / "scripts" / "slim_environment").read_text()
    assert re.findall(r"requirements/(\w+)\.txt", recipe) == ["build", "serving"]
    assert "install --require-hashes -r requirements/serving.txt" in recipe
    installed = " ".join(run for stage in lineage("service") for run in stage.of("RUN"))
    assert "gcc" not in installed


def test_the_batch_image_has_the_batch_group_and_a_compiler() -> None:
    builds = " ".join(run for stage in lineage("batch-builder") for run in stage.of("RUN"))
    assert "--require-hashes -r requirements/batch.txt" in builds
    assert "gcc" in " ".join(stages()["batch"].of("RUN"))


def test_everything_copied_exists_and_is_let_through() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    let_through = {line[1:] for line in ignored if line.startswith("!")}
    for copied in stages()["builder"].of("COPY"):
        *sources, _ = copied.split()
        for source in sources:
            assert (ROOT / source).exists(), source
            assert any(Path(source).is_relative_to(one) for one in let_through), source


def test_the_health_check_asks_for_readiness_with_the_standard_library() -> None:
    (check,) = stages()["service"].of("HEALTHCHECK")
    command = json.loads(check.partition("CMD ")[2])
    assert command[:2] == ["python", "-c"]
    assert "/health/ready" in command[2]
    assert re.findall(r"import (\S+ \S+)", command[2]) == ["os, urllib.request"]


@pytest.mark.parametrize(("given", "port"), [(None, 8000), ("", 8000), ("9123", 9123)])
def test_the_health_check_asks_where_the_service_listens(
    monkeypatch: pytest.MonkeyPatch, given: str | None, port: int
) -> None:
    monkeypatch.delenv("NBO_PORT", raising=False)
    if given is not None:
        monkeypatch.setenv("NBO_PORT", given)
    asked: list[str] = []
    monkeypatch.setattr("urllib.request.urlopen", lambda url, timeout: asked.append(url))
    (check,) = stages()["service"].of("HEALTHCHECK")
    exec(json.loads(check.partition("CMD ")[2])[2], {})
    assert asked == [f"http://127.0.0.1:{port}/health/ready"]


def test_commands_are_lists_so_that_signals_arrive() -> None:
    for stage in stages().values():
        for instruction in ("ENTRYPOINT", "CMD"):
            assert all(isinstance(json.loads(command), list) for command in stage.of(instruction))
    assert stages()["service"].of("ENTRYPOINT") == ['["nbo", "serve"]']


def test_bases_and_images_are_pinned_and_named_without_a_host() -> None:
    known = stages()
    bases = {stage.base for stage in known.values() if stage.base not in known}
    images = {service["image"] for service in compose()["services"].values()}
    assert bases
    assert all(PINNED.match(image) for image in bases | images), bases | images
    assert not any("." in image.split("/")[0] for image in bases | images if "/" in image)
    assert all(base.startswith("python:3.11.") and "-slim" in base for base in bases)


def test_compose_keeps_roots_read_only_and_publishes_on_loopback_alone() -> None:
    services = compose()["services"]
    for name in ("service", "batch", "redis"):
        assert services[name]["read_only"] is True
    for name in ("service", "batch"):
        assert services[name]["tmpfs"] == ["/tmp"]
        assert services[name]["volumes"] == ["home:/var/lib/nbo", f"anchors:{ANCHORS}"]
        assert services[name]["environment"]["NBO_ANCHORS"] == ANCHORS
        assert services[name]["build"]["target"] == name
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
        assert service["cap_drop"] == ["ALL"]
    assert services["batch"]["profiles"] == ["batch"]


def test_the_images_have_a_folder_for_anchors_that_they_may_write() -> None:
    for name in ("service", "batch"):
        runs = [run for stage in lineage(name) for run in stage.of("RUN") if ANCHORS in run]
        assert f"install --directory --owner nbo --group nbo {ANCHORS}" in "".join(runs)


def test_compose_lets_nobody_in_unless_keys_or_the_operator_say_so() -> None:
    host = {"NBO_HOST": listening_host()}
    with pytest.raises(SettingsInvalid, match="no authentication is set up"):
        read_settings(handed_on({}) | host)
    assert read_settings(handed_on({"NBO_JWT_KEYS": "/var/lib/nbo/k"}) | host).authenticates
    assert read_settings(handed_on({"NBO_JWKS_URL": "https://id.bank/k"}) | host).authenticates
    assert read_settings(handed_on({"NBO_INSECURE": "true"}) | host).insecure


def listening_host() -> str:
    command: list[str] = compose()["services"]["service"]["command"]
    assert "--insecure" not in command
    return command[command.index("--host") + 1]


def handed_on(outside: dict[str, str]) -> dict[str, str]:
    """What the service gets of its operator's environment."""
    given = compose()["services"]["service"]["environment"]
    known = {name: outside.get(name) if value is None else value for name, value in given.items()}
    known["NBO_REDIS_URL"] = "redis://:secret@redis:6379/0"
    return {name: value for name, value in known.items() if value is not None}


def test_compose_hands_on_every_setting_but_those_the_containers_decide() -> None:
    given = compose()["services"]["service"]["environment"]
    decided = {"NBO_HOME", "NBO_HOST", "NBO_PORT", "NBO_REDIS_URL", "NBO_ANCHORS"}
    assert {name for name, value in given.items() if value is None} == {*KNOWN_KEYS} - decided


def test_no_secret_stands_in_the_compose_file() -> None:
    services = compose()["services"]
    given = services["service"]["environment"]
    secrets = [given["NBO_REDIS_URL"], services["redis"]["environment"]["REDIS_PASSWORD"]]
    secrets.append(services["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD"])
    assert all(re.search(r"\$\{\w+:\?", secret) for secret in secrets)


def test_redis_never_evicts_and_asks_for_a_password() -> None:
    (_, _, command) = compose()["services"]["redis"]["entrypoint"]
    assert "--maxmemory-policy noeviction" in command
    assert "requirepass" in command


def test_redis_takes_the_place_of_its_shell_so_that_sigterm_arrives(tmp_path: Path) -> None:
    redis = compose()["services"]["redis"]
    assert redis["tmpfs"] == ["/run:mode=1777"]
    folders = [("$$", "$"), ("/run/", f"{tmp_path}/"), (" /data", f" {tmp_path}")]
    shell, option, command = redis["entrypoint"]
    for there, here in folders:
        command = command.replace(there, here)
    binaries = tmp_path / "bin"
    binaries.mkdir()
    (binaries / "redis-server").symlink_to(find_binary())
    socket = tmp_path / "redis.sock"
    server = subprocess.Popen(
        [shell, option, f"{command} --port 0 --unixsocket {socket}"],
        env={"PATH": f"{binaries}:{os.environ['PATH']}", "REDIS_PASSWORD": "secret"},
        stdout=subprocess.DEVNULL,
    )
    try:
        retry = Retry(ConstantBackoff(0.05), 200)
        with Redis(
            unix_socket_path=str(socket),
            password="secret",
            retry=retry,
            retry_on_error=[RedisConnectionError],
        ) as client:
            assert client.ping()
            assert client.info("server")["process_id"] == server.pid
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert (tmp_path / "redis.conf").stat().st_mode & 0o077 == 0
        server.terminate()
        assert server.wait(timeout=10) == 0
    finally:
        server.kill()
        server.wait()


def test_every_folder_mounted_from_here_exists() -> None:
    mounts = [m for s in compose()["services"].values() for m in s["volumes"] if m.startswith(".")]
    assert mounts
    assert all((ROOT / "deploy" / mount.split(":")[0]).exists() for mount in mounts)
