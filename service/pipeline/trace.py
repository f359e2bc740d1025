"""What failed in one decision: noted, so that the engine goes on by that stage's policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@dataclass
class Trace:
    """Failures of one decision, as (stage, name); each becomes a degraded reason and a count."""

    failures: list[tuple[str, str]] = field(default_factory=list)

    def guard(self, name: tuple[str, str], stage: Callable[[*Ts], T], *args: *Ts) -> T | None:
        """The stage's result, or None when it raised; `name` is (kind of stage, stage)."""
        try:
            return stage(*args)
        except Exception:  # noqa: BLE001 - its failure is noted
            self.failed(*name)
            return None

    def failed(self, kind: str, stage: str) -> None:
        """Note that this stage failed, for those that are run without the guard."""
        self.failures.append((kind, stage))

    def reasons(self) -> tuple[str, ...]:
        """`<kind>_failed:<stage>` for each failure."""
        return tuple(f"{kind}_failed:{stage}" for kind, stage in self.failures)
