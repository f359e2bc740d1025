"""Selectors: which few, in what order? The bank decides with one of them."""

from __future__ import annotations

from service.pipeline.stages import Selector
from service.selectors.highest_priority import HighestPriority

SELECTORS: tuple[type[Selector], ...] = (HighestPriority,)
