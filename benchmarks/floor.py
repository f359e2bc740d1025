"""(e) The least of (d): its I/O and its ranker, and nothing decided in between.

One read of the customer's whole hash in one round trip, its bytes not even decoded; 100 rows of the
model's matrix, made beforehand, scored by the compiled ranker; one write back in a second round
trip; an answer of the usual length, worded beforehand. No token, no rules, no columns, no caps, no
record. Its share of (a) is a bound for any decision made of these parts.

uvicorn benchmarks.floor:create_app --factory --no-access-log
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import hiredis
import msgspec
import numpy as np
from litestar import Litestar, asgi
from litestar.types import Receive, Scope, Send

from benchmarks.bank_shape import HOME_VARIABLE, OFFERS, REDIS_VARIABLE
from feature_repo.raw_features import Float32s
from model_registry.compiled_ranker import CompiledRanker
from model_registry.home import Home
from model_registry.propensity_model import PropensityModel
from service.adapters.feast_layout_reader import FeastLayoutReader
from service.adapters.model_releases import ModelReleases
from service.adapters.redis_address import redis_address
from service.adapters.redis_wire import RedisWire

PATIENCE_SECONDS = 1.0
ANSWER = b'{"offers":["%b"]}' % (b"x" * 3_000)
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]
STATE_KEY = "least"


class Question(msgspec.Struct):
    """Who is asked about."""

    customer_id: str


@dataclass(frozen=True)
class Least:
    """What one answer touches."""

    wire: RedisWire
    reader: FeastLayoutReader
    ranker: CompiledRanker
    rows: Float32s

    async def read_score_write(self, customer_id: str) -> None:
        """Two round trips with one call of the ranker in between."""
        ask = _packed("HMGET", self.reader.key(customer_id), *self.reader.fields)
        await self.wire.read(ask, 1, within_seconds=PATIENCE_SECONDS)
        best = str(int(self.ranker.margins(self.rows).argmax()))
        told = _packed("SET", f"least:{{{customer_id}}}", best)
        await self.wire.send(told, 1, within_seconds=PATIENCE_SECONDS)


@asgi("/least", copy_scope=False)
async def least(scope: Scope, receive: Receive, send: Send) -> None:
    """The same answer to everybody, after the same I/O."""
    body = (await receive())["body"]  # type: ignore[typeddict-item]
    asked = msgspec.json.decode(body, type=Question)
    await scope["litestar_app"].state[STATE_KEY].read_score_write(asked.customer_id)
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER, "more_body": False})


def create_app() -> Litestar:
    """The application over the benchmark's bank."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        app.state[STATE_KEY] = opened = _least(Home(Path(os.environ[HOME_VARIABLE])))
        yield
        await opened.wire.aclose()

    return Litestar([least], lifespan=[lifespan], openapi_config=None, logging_config=None)


def _packed(*command: str | bytes) -> bytes:
    packed: bytes = hiredis.pack_command(cast("Any", command))
    return packed


def _least(home: Home) -> Least:
    identity = home.bank()
    opened = ModelReleases(home, identity, prefers_compiled=True, tries_first=False).open_champion()
    model = opened.release.model if opened.release else None
    if not isinstance(model, PropensityModel) or model.compiled is None:
        raise RuntimeError("the benchmark's bank has no compiled ranker")
    rows = np.ascontiguousarray(model.golden[0][:OFFERS])
    reader = FeastLayoutReader(identity.bank, len(identity.product_vocabulary))
    wire = RedisWire(redis_address(os.environ[REDIS_VARIABLE]))
    return Least(wire, reader, model.compiled, rows)
