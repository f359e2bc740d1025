"""Who hands out tokens finds every scope described; who reads the API finds it named."""

from __future__ import annotations

import re
from pathlib import Path

from service.api.authentication import OPEN_PATHS
from service.api.openapi import SECURITY, build_document
from service.api.operations import OPERATIONS
from service.domain.principal import AccessScope

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "access.md").read_text(encoding="utf-8")


def test_every_scope_stands_in_the_table() -> None:
    section = TEXT.partition("## Scopes")[2].partition("**One customer.**")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [*AccessScope]


def test_every_address_stands_with_the_scopes_that_open_it() -> None:
    rows = re.findall(r"^\| `(GET|POST) (/\S+)` \| (.+) \|$", TEXT, re.MULTILINE)
    told = {(method.lower(), path): re.findall(r"`(\w+)`", scopes) for method, path, scopes in rows}
    assert told == {(o.method, o.path): [*o.needs] for o in OPERATIONS if o.needs}


def test_open_addresses_are_those_the_text_names() -> None:
    named = ("/health/", "/metrics", "/schema")
    assert all(path.startswith(named) for path in OPEN_PATHS)
    assert {operation.path for operation in OPERATIONS} > OPEN_PATHS


def test_every_closed_operation_asks_for_a_token_and_names_its_scopes() -> None:
    document = build_document()
    for operation in OPERATIONS:
        security = document["paths"][operation.path][operation.method]["security"]
        wanted = [] if operation.is_open else [{SECURITY: [*operation.needs]}, {}]
        assert security == wanted
