"""(a) The least a Litestar service can do: the ceiling of what the same server could answer.

uvicorn benchmarks.hello:create_app --factory --no-access-log
"""

from __future__ import annotations

from litestar import Litestar, get


@get("/", sync_to_thread=False)
def hello() -> dict[str, str]:
    """One small JSON document."""
    return {"hello": "world"}


def create_app() -> Litestar:
    """The application, without anything a bare one does not need."""
    return Litestar([hello], openapi_config=None, logging_config=None)
