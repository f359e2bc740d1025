"""A newcomer gets a token that the service believes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nbo.commands.keys import keys
from service.adapters.jwt_key_file import JwtKeyFile
from service.adapters.jwt_verifier import JwtVerifier
from service.domain.principal import AccessScope, Principal


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NBO_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(*words: str) -> Result:
    return CliRunner().invoke(keys, ["token", *words], prog_name="nbo keys")


def believed(home: Path, token: str) -> Principal:
    async def ask() -> Principal:
        source = JwtKeyFile(home / "keys" / "access.pub")
        await source.open()
        return await JwtVerifier(source, audience="nbo").principal(token.encode())

    return asyncio.run(ask())


def test_a_token_is_believed_with_the_key_it_names(home: Path) -> None:
    done = run("--scope", "agent", "--scope", "kill", "--sub", "A17", "--call", "c-9:C0000001")
    assert done.exit_code == 0, done.output
    assert f"NBO_JWT_KEYS={home}" in done.stderr
    found = believed(home, done.stdout.strip())
    assert found.subject == "A17"
    assert found.scopes == {AccessScope.AGENT, AccessScope.KILL}
    assert [(call.call_id, call.customer_id) for call in found.calls] == [("c-9", "C0000001")]


def test_an_agent_is_told_what_her_token_lacks(home: Path) -> None:
    alone, in_call = run("--scope", "agent"), run("--scope", "agent", "--call", "c-9:C1")
    assert "add --call CALL:CUSTOMER" in alone.stderr
    assert len(alone.stdout.split()) == 1
    assert "--call" in run("--scope", "agent", "--json").stderr
    assert "--call" not in in_call.stderr
    assert "CALL:CUSTOMER" in run("--help").stdout


def test_without_a_scope_it_may_decide_and_can_be_bound_to_a_customer(home: Path) -> None:
    found = believed(home, run("--customer", "C0000001").stdout.strip())
    assert found.scopes == {AccessScope.DECIDE}
    assert found.customer_id == "C0000001"
    assert "[default: decide]" in " ".join(run("--help").stdout.split())


def test_the_key_is_made_once_and_is_its_owners_alone(home: Path) -> None:
    first = json.loads(run("--json").stdout)
    content = Path(first["keys"]).read_bytes()
    assert believed(home, json.loads(run("--json").stdout)["token"])
    assert Path(first["keys"]).read_bytes() == content
    assert (home / "keys" / "access.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--scope", "everything"], "use decide"),
        (["--call", "c-9"], "write CALL:CUSTOMER"),
        (["--minutes", "0"], "minutes"),
    ],
)
def test_what_no_token_can_say_is_refused(home: Path, words: list[str], says: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert says in done.output


def test_a_damaged_key_is_told(home: Path) -> None:
    run()
    (home / "keys" / "access.key").write_bytes(b"junk")
    assert "is damaged" in str(run().exception)
