"""Kill switches over the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from service.api.wire import Id, Instant
from service.domain.kill_switches import KillScope


class KillSwitchRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What to stop at once (`active`), or to let go on, and why."""

    scope: KillScope
    id: Id
    active: bool
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class KillSwitchAnswer(Struct, frozen=True):
    """One thing that is stopped, why, by whom and since when."""

    scope: KillScope
    id: str
    reason: str
    principal: str
    since: Instant


class KillSwitchesAnswer(Struct, frozen=True):
    """Everything that is stopped; the version grows with every change."""

    version: int
    switches: list[KillSwitchAnswer]


class KillSwitchSetAnswer(Struct, frozen=True, kw_only=True):
    """The switch as it was set, and everything that is stopped now."""

    scope: KillScope
    id: str
    active: bool
    reason: str
    version: int
    switches: list[KillSwitchAnswer]
