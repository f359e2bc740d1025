"""The demo's bank behind two workers, with its catalogue in a folder tests may change."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from redis import Redis

from feature_repo.contact_layout import Entries, contact_key, decode_contacts
from nbo.embedded_redis import embedded_redis
from tests.e2e.running_bank import Installation, offers_of
from tests.faults.served_bank import ServedBank

BANK = "simulated"
PLACES = ("login_banner", "home_feed")
LIMITS = {"offer_week": 3, "banner_day": 4, "marketing_day": 16}
"""Of the caps a few logins are to meet, whatever the shipped policy allows."""
Json = Mapping[str, Any]

_EVENTS = count()


@dataclass(frozen=True)
class ServedDemo:
    """One running bank."""

    installation: Installation
    catalogue: Path
    service: ServedBank

    def decide(self, customer_id: str, **changes: object) -> Json:
        """The answer to one decision."""
        return good(self.service.decide(customer_id, **changes))

    def look(self, customer_id: str, **changes: object) -> Json:
        """The same without a trace, with all that is withheld."""
        return self.decide(customer_id, mode="dry_run", explain=True, **changes)

    def decision(self, answer: Json, path: str = "") -> httpx.Response:
        """What is on record of an answer."""
        return self.service.get(f"/v1/decisions/{answer['decision_id']}{path}")

    def why_not(self, answer: Json, offer_id: str) -> Json:
        """Why an answer does not make this offer."""
        return good(self.decision(answer, f"/why-not/{offer_id}"))

    def report(self, answer: Json, offer_id: str, outcome: str, **changes: object) -> Json:
        """What became of an outcome of an offer of an answer."""
        reported = {
            "event_id": f"event-{next(_EVENTS)}",
            "decision_id": answer["decision_id"],
            "offer_id": offer_id,
            "outcome": outcome,
            "occurred_at": datetime.now(UTC).isoformat(),
            "channel": "mobile_app",
        } | changes
        heard = self.service.post("/v1/outcomes", {"outcomes": [reported]})
        assert heard.status_code == 202, heard.text
        (result,) = heard.json()["results"]
        return {**result, "sent": reported}

    @contextmanager
    def stopped(self, scope: str, name: str) -> Iterator[None]:
        """Stopped by a kill switch inside the block."""
        asked = {"scope": scope, "id": name, "reason": "a test"}
        good(self.service.post("/v1/kill-switch", {**asked, "active": True}))
        try:
            yield
        finally:
            good(self.service.post("/v1/kill-switch", {**asked, "active": False}))

    def histories(self) -> dict[str, Entries]:
        """Every contact history in its Redis, by customer."""
        with embedded_redis(self.installation.home) as url, Redis.from_url(url) as redis:
            keys = sorted(redis.scan_iter(contact_key(BANK, "*"), count=1_000))
            stored = redis.mget(keys)
        customers = [key.decode().partition("{")[2].partition("}")[0] for key in keys]
        return {
            customer: decode_contacts(BANK, customer, value)
            for customer, value in zip(customers, stored, strict=True)
        }

    def customer_offered(self, wanted: Callable[[Json], bool], **asked: object) -> str:
        """The first customer whose answer, if she asked so now, is as wanted."""
        for number in range(150):
            customer = f"C{number:07d}"
            if wanted(self.look(customer, **asked)):
                return customer
        raise AssertionError("the bank has no such customer")


def good(answer: httpx.Response) -> Any:
    """The document of an answer that is none of a problem."""
    assert answer.status_code == 200, answer.text
    return answer.json()


def shown(answer: Json) -> set[str]:
    """Ids of the offers in an answer."""
    return {offer["offer_id"] for offer in offers_of(answer)}


def limit_caps(policy: Path, limits: Mapping[str, int]) -> None:
    """Give these caps of a policy other limits."""
    text = policy.read_text(encoding="utf-8")
    for name, limit in limits.items():
        text, count = re.subn(rf"(id: {name},.*limit: )\d+", rf"\g<1>{limit}", text)
        assert count == 1, name
    policy.write_text(text, encoding="utf-8")
