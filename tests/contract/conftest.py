"""A whole toy service and somebody who asks it; a file with another `service` replaces it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.access_tokens import Issuer
from tests.fakes import ToyService, toy_service
from tests.guarded_service import GuardedService


@pytest.fixture
def service() -> ToyService:
    """The toy service that asks for no token."""
    return toy_service()


@pytest.fixture
def client(service: ToyService | GuardedService) -> Iterator[TestClient[Litestar]]:
    """Somebody who gets answers also where a handler fails."""
    with TestClient(service.app(), raise_server_exceptions=False) as connected:
        yield connected


@pytest.fixture
def issuer(service: GuardedService) -> Issuer:
    """Whose tokens the guarded service believes."""
    assert service.issuer
    return service.issuer
