"""Sinks: who else must be told? They never delay an answer."""

from __future__ import annotations

from typing import Protocol

from service.pipeline.stages import Sink
from service.ports import DecisionObserver
from service.sinks.decision_counters import DecisionCounters


class SinkFactory(Protocol):
    """Sinks are made once, with the observer they report to."""

    def __call__(self, observer: DecisionObserver) -> Sink: ...


SINKS: tuple[SinkFactory, ...] = (DecisionCounters,)
