"""The toy service behind authentication, with kill switches on a real file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from litestar import Litestar
from litestar.testing import TestClient

from service.adapters.jwt_key_file import JwtKeyFile
from service.adapters.jwt_verifier import JwtVerifier
from service.adapters.kill_switch_file import KillSwitchFile
from service.api.authentication import Access
from service.use_cases.set_kill_switch import KillRecord
from tests.access_tokens import AUDIENCE, Issuer
from tests.fakes import ToyService, toy_service


@dataclass
class GuardedService:
    """One toy bank; with an issuer, bearers of its tokens are let in."""

    folder: Path
    issuer: Issuer | None = None
    own_host: str | None = None
    toy: ToyService = field(default_factory=toy_service)

    def access(self) -> Access:
        """Who may come in; the keys lie in a file."""
        if self.issuer is None:
            return Access(own_host=self.own_host)
        keys = self.folder / "keys.pem"
        keys.write_bytes(self.issuer.pem())
        self.keys = JwtKeyFile(keys)
        return Access(JwtVerifier(self.keys, audience=AUDIENCE))

    @property
    def records(self) -> list[KillRecord]:
        """What was recorded of switches."""
        return self.toy.event_log.kill_records

    def app(self) -> Litestar:
        """The real HTTP surface."""
        switches = KillSwitchFile(self.folder / "policy")
        app = replace(self.toy, access=self.access(), switches=switches).app()
        if self.issuer is not None:
            app.on_startup.append(self.keys.open)
        return app

    @contextmanager
    def client(self, **headers: str) -> Iterator[TestClient[Litestar]]:
        """Somebody who sends these headers."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        with TestClient(self.app(), raise_server_exceptions=False) as client:
            client.headers.update(names)
            yield client

    def with_issuer(self) -> GuardedService:
        """The same with somebody whose tokens count."""
        return replace(self, issuer=Issuer(None))
