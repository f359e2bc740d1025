"""Adjustments: what tempers or steers the score? priority = P × C × V × L."""

from __future__ import annotations

from service.adjustments.context_weight import ContextWeight
from service.adjustments.lever import Lever
from service.adjustments.value import Value
from service.pipeline.stages import Adjustment

ADJUSTMENTS: tuple[type[Adjustment], ...] = (ContextWeight, Value, Lever)
