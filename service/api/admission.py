"""A bound on the decisions in flight: beyond it a refusal at once, so that the others stay fast."""

from __future__ import annotations

from types import TracebackType

from litestar.types import Send

from service.api.problems import MEDIA_TYPE, OVERLOADED, problem_bytes
from service.telemetry.metrics import Metrics

ROUTE = "/v1/decisions"
RETRY_AFTER_SECONDS = 1
STATUS = 503


class Admission:
    """The places of one worker; a decision holds one from when its body is there to its answer.

    Not sooner: a body that is slow to come must take no place from those that are here.
    """

    def __init__(self, metrics: Metrics, *, most_in_flight: int) -> None:
        self._metrics, self._most = metrics, most_in_flight
        self._taken = 0
        self._body = problem_bytes(STATUS, OVERLOADED)
        self._headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(self._body)).encode()),
            (b"cache-control", b"no-store"),
            (b"retry-after", str(RETRY_AFTER_SECONDS).encode()),
        ]

    @property
    def is_full(self) -> bool:
        """Whether one more decision has to be refused."""
        return self._taken >= self._most

    def __enter__(self) -> None:
        """Take a place."""
        self._taken += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Give it back."""
        self._taken -= 1

    async def refuse(self, send: Send) -> None:
        """503 and when to come again, written beforehand: refusing must cost little."""
        self._metrics.http_requests_shed[ROUTE,].inc()
        await send({"type": "http.response.start", "status": STATUS, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})
