"""A promoted bundle is taken over once it is on record, and not before."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from service.errors import LogUnavailable
from service.ports import OpenedRelease
from service.use_cases.edition import Edition
from service.use_cases.follow_promotions import RETRY_POLLS, FollowPromotions
from tests.toy_release import toy_edition, toy_release


@dataclass
class Served:
    """A service's edition and the shelf its next bundle lies on."""

    bundle: str
    edition: Edition = field(default_factory=lambda: toy_edition(toy_release()))
    log_failures: int = 0
    happened: list[str] = field(default_factory=list)

    def ids(self) -> list[str]:
        return [self.bundle]

    def champion(self) -> str | None:
        return self.bundle

    def open_champion(self) -> OpenedRelease:
        return OpenedRelease(replace(toy_release(), bundle_id=self.bundle), self.bundle)

    async def record(self, opened: OpenedRelease) -> None:
        if self.log_failures:
            self.log_failures -= 1
            raise LogUnavailable("the log is full")
        self.happened.append(f"recorded {opened.detail}")

    def adopt(self, edition: Edition, opened: OpenedRelease) -> None:
        self.edition = edition
        self.happened.append(f"adopted {opened.detail}")

    def refuse(self, opened: OpenedRelease) -> None:
        self.happened.append(f"refused: {opened.detail}")

    def looked(self, times: int) -> None:
        follower = FollowPromotions(
            self,
            edition=lambda: self.edition,
            record=self.record,
            adopt=self.adopt,
            refuse=self.refuse,
        )

        async def look() -> None:
            for _ in range(times):
                await follower.look()

        asyncio.run(look())


def test_a_bundle_is_on_record_before_it_is_adopted() -> None:
    served = Served("next")
    served.looked(3)
    assert served.happened == ["recorded next", "adopted next"]
    assert served.edition.versions.model == "next"


def test_a_bundle_that_cannot_be_put_on_record_is_refused_once_and_tried_again_later() -> None:
    served = Served("next", log_failures=1)
    served.looked(RETRY_POLLS)
    assert served.happened == ["refused: the log is full"]
    assert served.edition.versions.model == toy_release().bundle_id
    served.happened.clear()
    served.log_failures = 1
    served.looked(RETRY_POLLS + 1)
    assert served.happened == ["refused: the log is full", "recorded next", "adopted next"]
