"""The bound on decisions in flight, whatever way the requests arrive in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import msgspec
import pytest

from service.ports import CustomerRecord
from tests.fakes import ToyService, toy_record

ASK = msgspec.json.encode({"customer_id": "c", "channel": "mobile_app", "locale": "en"})
URL = "http://service"
PLACES, CLIENTS = 2, 8


@dataclass
class WaitingStore:
    """Answers nobody before it is told to."""

    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(
        self, customer_id: str, *, within_seconds: float, slot: bytes | None = None
    ) -> CustomerRecord:
        """The record, once allowed."""
        await self.may_answer.wait()
        return toy_record()


async def in_parts() -> AsyncIterator[bytes]:
    """A body that comes after its head, in two parts."""
    yield ASK[:5]
    yield ASK[5:]


async def statuses(body: bytes | None) -> Counter[int]:
    """What so many clients at once are told; those admitted wait until all others were answered."""
    store = WaitingStore()
    app = ToyService(store).app(most_in_flight=PLACES)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with (
        app.lifespan(),
        httpx.AsyncClient(transport=transport, base_url="http://t") as client,
    ):
        asked = [
            asyncio.ensure_future(client.post("/v1/decisions", content=body or in_parts()))
            for _ in range(CLIENTS)
        ]
        while sum(question.done() for question in asked) < CLIENTS - PLACES:
            await asyncio.wait(
                [question for question in asked if not question.done()],
                return_when=asyncio.FIRST_COMPLETED,
            )
        store.may_answer.set()
        answers = await asyncio.gather(*asked)
        again = await client.post("/v1/decisions", content=ASK)
    assert again.status_code == 200
    return Counter(answer.status_code for answer in answers)


@pytest.mark.parametrize("body", [ASK, None], ids=["whole", "in parts"])
def test_so_many_are_admitted_and_all_others_refused(body: bytes | None) -> None:
    seen = asyncio.run(asyncio.wait_for(statuses(body), 30))
    assert seen == {200: PLACES, 503: CLIENTS - PLACES}
