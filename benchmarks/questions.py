"""What every peer is asked, as the bytes that go over the wire, and for whom."""

from __future__ import annotations

import random
from typing import Literal

import msgspec

from benchmarks.bank_shape import CHANNEL, PLACEMENT, SLATE, customer_id

Target = Literal["hello", "naive", "feast", "decisions", "least"]

DECISIONS_PATH = "/v1/decisions"
FEATURE_SERVICE = "next_best_offer"
_PATHS: dict[Target, str] = {
    "hello": "/",
    "naive": "/recommend",
    "feast": "/get-online-features",
    "decisions": DECISIONS_PATH,
    "least": "/least",
}


def encoded_requests(target: Target, customers: list[str], token: str = "") -> list[bytes]:
    """One complete HTTP request per customer, in the name of the token's bearer if there is one."""
    if target == "hello":
        hello = f"GET {path_of(target)} HTTP/1.1\r\nhost: localhost\r\n\r\n"
        return [hello.encode()] * len(customers)
    return [_post(path_of(target), body(target, customer), token) for customer in customers]


def path_of(target: Target) -> str:
    """Where this target is asked."""
    return _PATHS[target]


def body(target: Target, customer: str) -> bytes:
    """The JSON body that asks this target about this customer."""
    if target in ("naive", "least"):
        return msgspec.json.encode({"customer_id": customer})
    if target == "feast":
        asked = {"feature_service": FEATURE_SERVICE, "entities": {"customer_id": [customer]}}
        return msgspec.json.encode(asked)
    return decision_body(customer)


def decision_body(customer: str, *, explain: bool = False) -> bytes:
    """A request for a slate in the app, as a phone sends it."""
    return msgspec.json.encode(
        {
            "customer_id": customer,
            "channel": CHANNEL,
            "placements": [{"id": PLACEMENT, "limit": SLATE}],
            "context": {"trigger": "login"},
            "locale": "en",
            "explain": explain,
        }
    )


def random_customers(count: int, among: int, *, seed: int = 11) -> list[str]:
    """Names of customers drawn with replacement; the same for every peer."""
    rng = random.Random(seed)  # noqa: S311 - load, no secret
    return [customer_id(rng.randrange(among)) for _ in range(count)]


def _post(path: str, content: bytes, token: str) -> bytes:
    bearer = f"authorization: Bearer {token}\r\n" if token else ""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        f"{bearer}content-length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content
