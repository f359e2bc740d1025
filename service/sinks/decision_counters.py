"""Counts decisions by rung and channel."""

from __future__ import annotations

from typing import ClassVar

from service.domain.decision import Decision
from service.domain.situation import Situation
from service.ports import DecisionObserver


class DecisionCounters:
    """Passes every decision on to the metrics."""

    name: ClassVar[str] = "decision_counters"

    def __init__(self, observer: DecisionObserver) -> None:
        self._observer = observer

    def receive(self, situation: Situation, decision: Decision) -> None:
        """Count one decision."""
        self._observer.decided(decision, channel=situation.ask.channel)
