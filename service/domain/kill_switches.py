"""What the bank has stopped at once: offers, groups, models and channels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

import numpy as np

from service.domain.catalogue import Catalogue
from service.domain.columns import Mask


class KillScope(StrEnum):
    """What a kill switch stops."""

    OFFER = "offer"
    GROUP = "group"
    MODEL = "model"
    CHANNEL = "channel"


@dataclass(frozen=True)
class KillSwitches:
    """The names stopped in each scope."""

    offers: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()


NOTHING_KILLED = KillSwitches()


@dataclass(frozen=True)
class KillSwitch:
    """One thing that is stopped, why, by whom and since when."""

    scope: KillScope
    id: str
    reason: str
    principal: str
    since: datetime


@dataclass(frozen=True)
class KillState:
    """Every switch that is on; the version grows with every change."""

    version: int = 0
    stopped: tuple[KillSwitch, ...] = ()

    @property
    def switches(self) -> KillSwitches:
        """The same, as decisions ask for it."""
        if not self.stopped:
            return NOTHING_KILLED
        return KillSwitches(
            offers=self.ids(KillScope.OFFER),
            groups=self.ids(KillScope.GROUP),
            models=self.ids(KillScope.MODEL),
            channels=self.ids(KillScope.CHANNEL),
        )

    def ids(self, scope: KillScope) -> frozenset[str]:
        """What is stopped in this scope."""
        return frozenset(switch.id for switch in self.stopped if switch.scope is scope)

    def stopping(self, switch: KillSwitch) -> KillState:
        """The state with this switch on; one that is on already keeps its instant."""
        for known in self.stopped:
            if (known.scope, known.id) == (switch.scope, switch.id):
                switch = KillSwitch(
                    switch.scope, switch.id, switch.reason, switch.principal, known.since
                )
        others = self.lifting(switch.scope, switch.id).stopped
        return KillState(self.version + 1, (*others, switch))

    def lifting(self, scope: KillScope, name: str) -> KillState:
        """The state without this switch."""
        left = tuple(one for one in self.stopped if (one.scope, one.id) != (scope, name))
        return KillState(self.version + 1, left)


def killed_rows(kills: KillSwitches, catalogue: Catalogue, channel: str) -> Mask:
    """True per offer that is stopped in this channel, by a switch or by the catalogue itself."""
    if kills is NOTHING_KILLED:
        return catalogue.killed
    return _killed_rows(kills, _ById(catalogue), channel)


class _ById:
    """Equal only to the same catalogue: a catalogue of arrays cannot be hashed."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue

    def __hash__(self) -> int:
        return id(self.catalogue)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and other.catalogue is self.catalogue


@lru_cache(maxsize=64)
def _killed_rows(kills: KillSwitches, key: _ById, channel: str) -> Mask:
    catalogue = key.catalogue
    if channel in kills.channels:
        return np.ones(len(catalogue), dtype=np.bool_)
    stopped = [
        offer in kills.offers or group in kills.groups
        for offer, group in zip(catalogue.offer_ids, catalogue.groups, strict=True)
    ]
    rows: Mask = catalogue.killed | np.array(stopped, dtype=np.bool_)
    return rows
