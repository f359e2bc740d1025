"""The application; nothing happens at import: servers call `create_app` as a factory."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar
from litestar.datastructures import ResponseHeader

from model_registry.errors import RegistryError
from service.api.decisions import decide
from service.api.desk import STATE_KEY, Desk
from service.api.health import live, ready
from service.api.inventory import catalogue, models
from service.api.metrics import metrics as metrics_handler
from service.api.no_events import NoEvents
from service.api.openapi import openapi_document, schema_page
from service.api.problems import exception_handlers
from service.bootstrap import open_desk
from service.errors import ServiceError
from service.settings import Settings, read_settings
from service.telemetry.http_metrics import HttpMetrics
from service.telemetry.logging import Log, open_log
from service.telemetry.metrics import Metrics

HANDLERS = (
    decide, catalogue, models, live, ready, metrics_handler, openapi_document, schema_page,
)  # fmt: skip
MOST_BODY_BYTES = 64 * 1024
NO_STORE = ResponseHeader(name="Cache-Control", value="no-store")


def create_app(settings: Settings | None = None) -> Litestar:
    """The service for these settings, or for those of the environment."""
    settings = settings or read_settings(os.environ)
    log = open_log(sys.stderr.buffer, level=settings.log_level)
    metrics = Metrics()
    return build_app(lambda: open_desk(settings, metrics, log), metrics=metrics, log=log)


def build_app(
    desk: Callable[[], AbstractAsyncContextManager[Desk]], *, metrics: Metrics, log: Log
) -> Litestar:
    """The HTTP surface around a desk that is opened at start and closed at shutdown."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        try:
            async with desk() as opened:
                app.state[STATE_KEY] = opened
                yield
        except (ServiceError, RegistryError) as error:
            log.error("start_failed", reason=str(error))
            raise

    app = Litestar(
        HANDLERS,
        lifespan=[lifespan],
        exception_handlers=exception_handlers(log),
        request_max_body_size=MOST_BODY_BYTES,
        response_headers=[NO_STORE],
        openapi_config=None,
        logging_config=None,
        event_emitter_backend=NoEvents,
    )
    routes = frozenset(route.path_format for route in app.routes)
    app.asgi_handler = HttpMetrics(app.asgi_handler, metrics, routes)
    return app
