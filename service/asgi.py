"""The application; nothing happens at import: servers call `create_app` as a factory."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing

from litestar import Litestar
from litestar.datastructures import ResponseHeader

from model_registry.errors import RegistryError
from service.api.admission import Admission
from service.api.authentication import Authentication
from service.api.decisions import decide
from service.api.desk import ADMISSION_KEY, STATE_KEY, Desk
from service.api.farewell import Farewell
from service.api.front_door import FrontDoor
from service.api.head_requests import HeadRequests
from service.api.health import live, ready
from service.api.inventory import catalogue, models
from service.api.kill_switch import kill_switch
from service.api.metrics import metrics as metrics_handler
from service.api.no_events import NoEvents
from service.api.openapi import openapi_document, schema_page
from service.api.outcomes import record_outcomes
from service.api.problems import exception_handlers
from service.api.recorded import recorded_decision, replay_decision, why_not_offer
from service.api.request_body import MOST_BODY_BYTES
from service.bootstrap import open_desk
from service.errors import ServiceError
from service.settings import Crew, Settings, read_settings
from service.telemetry.http_metrics import HttpMetrics
from service.telemetry.line_writer import LineWriter
from service.telemetry.logging import Log, open_log
from service.telemetry.metrics import Metrics

HANDLERS = (
    decide, recorded_decision, why_not_offer, replay_decision, record_outcomes, kill_switch,
    catalogue, models, live, ready, metrics_handler, openapi_document, schema_page,
)  # fmt: skip
FAREWELL_KEY = "farewell"
NO_STORE = ResponseHeader(name="Cache-Control", value="no-store")


def create_app(
    settings: Settings | None = None, *, records_start: bool = True, crew: Crew | None = None
) -> Litestar:
    """The service for these settings, or for those of the environment. One that records no
    decision need not put on record with which catalogue and model it started.
    """
    settings = settings or read_settings(os.environ)
    metrics = Metrics()
    lines = LineWriter(sys.stderr.buffer, count_dropped=metrics.log_lines_dropped.inc)
    log = open_log(lines, level=settings.log_level)

    @asynccontextmanager
    async def desk() -> AsyncIterator[Desk]:
        with closing(lines):  # the server may end by a signal, after which nothing else runs
            async with open_desk(
                settings, metrics, log, lines, records_start=records_start, crew=crew or Crew()
            ) as opened:
                yield opened

    return build_app(
        desk,
        metrics=metrics,
        log=log,
        most_in_flight=settings.max_in_flight,
    )


def build_app(
    desk: Callable[[], AbstractAsyncContextManager[Desk]],
    *,
    metrics: Metrics,
    log: Log,
    most_in_flight: int = Settings.max_in_flight,
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
    admission = app.state[ADMISSION_KEY] = Admission(metrics, most_in_flight=most_in_flight)
    guarded = Authentication(HeadRequests(app.asgi_handler), lambda: _desk(app).access)
    answering = FrontDoor(guarded, admission)
    farewell = app.state[FAREWELL_KEY] = Farewell(HttpMetrics(answering, metrics, routes))
    app.asgi_handler = farewell
    return app


def begin_farewell(app: Litestar) -> float:
    """From now on: not ready, and every answer closes its connection. Returns for how long, in
    seconds.
    """
    desk = _desk(app)
    desk.readiness.retire()
    app.state[FAREWELL_KEY].has_begun = True
    return desk.farewell_seconds


def _desk(app: Litestar) -> Desk:
    desk: Desk = app.state[STATE_KEY]
    return desk
