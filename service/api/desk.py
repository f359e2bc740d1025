"""What the handlers work with: built once at start, reached through the application's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request

from service.api.authentication import Access
from service.api.readiness import Readiness
from service.api.tracking_tokens import TrackingTokens
from service.ports import Clock, ModelShelf
from service.telemetry.decision_log import DecisionLog
from service.telemetry.logging import Log
from service.telemetry.metrics import Metrics
from service.use_cases.follow_kill_switches import FollowKillSwitches
from service.use_cases.make_decision import MakeDecision
from service.use_cases.record_outcomes import RecordOutcomes
from service.use_cases.replay_decision import RecordedDecisions
from service.use_cases.set_kill_switch import SetKillSwitch

STATE_KEY = "desk"
ADMISSION_KEY = "admission"


@dataclass(frozen=True)
class Desk:
    """Use cases and tools of one running service."""

    make_decision: MakeDecision
    decisions: RecordedDecisions
    record_outcomes: RecordOutcomes
    set_kill_switch: SetKillSwitch
    follow_kills: FollowKillSwitches
    access: Access
    models: ModelShelf
    tokens: TrackingTokens
    clock: Clock
    readiness: Readiness
    metrics: Metrics
    log: Log
    decision_log: DecisionLog
    farewell_seconds: float = 0.0


def desk_of(request: Request[Any, Any, Any]) -> Desk:
    """The desk of the application that got this request."""
    desk: Desk = request.app.state[STATE_KEY]
    return desk
