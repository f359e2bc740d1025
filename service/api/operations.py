"""Every documented operation in one table; a test compares it with the routes there are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.api import examples, examples_recorded
from service.api.authentication import OPEN_PATHS
from service.api.problems import NOT_ON_RECORD, OVERLOADED, PROBLEMS, UNAVAILABLE, Kind
from service.api.wire import (
    CatalogueAnswer,
    DecisionAnswer,
    DecisionRequest,
    LiveAnswer,
    ModelsAnswer,
    ReadyAnswer,
)
from service.api.wire_kill_switch import KillSwitchesAnswer, KillSwitchRequest, KillSwitchSetAnswer
from service.api.wire_outcomes import OutcomesAnswer, OutcomesRequest
from service.api.wire_recorded import RecordedDecision, ReplayAnswer, WhyNotAnswer
from service.domain.principal import AccessScope

JSON = "application/json"


@dataclass(frozen=True)
class Operation:
    """One method of one address; without an `answer_type` the answer is text.

    Any of the scopes in `needs` lets a token in; without any, every valid token does.
    """

    id: str
    method: str
    path: str
    summary: str
    answer_example: Any
    answer_type: type | None = None
    request_type: type | None = None
    request_example: Any = None
    media_type: str = JSON
    problems: Mapping[int, Kind] = field(default_factory=lambda: usual(405, 500))
    needs: tuple[AccessScope, ...] = ()
    status: int = 200

    @property
    def path_parameters(self) -> list[str]:
        """The names in braces in the address."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def is_open(self) -> bool:
        """Whether anybody is answered, token or not."""
        return self.path in OPEN_PATHS

    @property
    def all_problems(self) -> dict[int, Kind]:
        """Also those of telling who asks."""
        told = {} if self.is_open else usual(401, 403, 421)
        told |= usual(415) if self.method == "post" and not self.is_open else {}
        return dict(sorted((dict(self.problems) | told).items()))


def usual(*statuses: int) -> dict[int, Kind]:
    """The problems these statuses commonly stand for."""
    return {status: PROBLEMS[status] for status in statuses}


OPERATIONS = (
    Operation(
        id="decide",
        method="post",
        path="/v1/decisions",
        summary="Which offers, in what order, for this customer, in this channel, now?",
        request_type=DecisionRequest,
        request_example=examples.DECISION_REQUEST,
        answer_type=DecisionAnswer,
        answer_example=examples.DECISION,
        problems=usual(400, 405, 408, 409, 413, 500) | {503: OVERLOADED},
        needs=(
            AccessScope.DECIDE,
            AccessScope.CUSTOMER,
            AccessScope.AGENT,
            AccessScope.ANALYST,
        ),
    ),
    Operation(
        id="recorded_decision",
        method="get",
        path="/v1/decisions/{decision_id}",
        summary="One decision on record: what was offered, why, and under which versions",
        answer_type=RecordedDecision,
        answer_example=examples_recorded.DECISION,
        problems=usual(405, 410, 500) | {404: NOT_ON_RECORD},
        needs=(
            AccessScope.CUSTOMER,
            AccessScope.AGENT,
            AccessScope.ANALYST,
            AccessScope.AUDIT,
        ),
    ),
    Operation(
        id="why_not",
        method="get",
        path="/v1/decisions/{decision_id}/why-not/{offer_id}",
        summary="Why an offer was not made: every rule against it, and when it could permit",
        answer_type=WhyNotAnswer,
        answer_example=examples_recorded.WHY_NOT,
        problems=usual(405, 410, 500) | {404: NOT_ON_RECORD},
        needs=(AccessScope.AGENT, AccessScope.ANALYST, AccessScope.AUDIT),
    ),
    Operation(
        id="replay",
        method="post",
        path="/v1/decisions/{decision_id}/replay",
        summary="Decide again from the recorded inputs under the versions of then, and compare",
        answer_type=ReplayAnswer,
        answer_example=examples_recorded.REPLAY,
        problems=usual(405, 410, 500) | {404: NOT_ON_RECORD},
        needs=(AccessScope.REPLAY,),
    ),
    Operation(
        id="record_outcomes",
        method="post",
        path="/v1/outcomes",
        summary="What customers did with offers; it counts in every channel within a second",
        request_type=OutcomesRequest,
        request_example=examples_recorded.OUTCOMES_REQUEST,
        answer_type=OutcomesAnswer,
        answer_example=examples_recorded.OUTCOMES,
        problems=usual(400, 405, 408, 413, 500) | {503: UNAVAILABLE},
        needs=(AccessScope.OUTCOMES, AccessScope.CUSTOMER, AccessScope.AGENT),
        status=202,
    ),
    Operation(
        id="set_kill_switch",
        method="post",
        path="/v1/kill-switch",
        summary="Stop an offer, a group, a model or a channel at once, or lift that again",
        request_type=KillSwitchRequest,
        request_example=examples.KILL_SWITCH_REQUEST,
        answer_type=KillSwitchSetAnswer,
        answer_example=examples.KILL_SWITCH_SET,
        problems=usual(400, 405, 408, 413, 500) | {503: UNAVAILABLE},
        needs=(AccessScope.KILL,),
    ),
    Operation(
        id="kill_switches",
        method="get",
        path="/v1/kill-switch",
        summary="Everything that is stopped now",
        answer_type=KillSwitchesAnswer,
        answer_example=examples.KILL_SWITCHES,
        problems=usual(405, 500) | {503: UNAVAILABLE},
        needs=(AccessScope.KILL, AccessScope.AUDIT, AccessScope.ANALYST),
    ),
    Operation(
        id="catalogue",
        method="get",
        path="/v1/catalogue",
        summary="Every offer with its titles, every channel with its placements",
        answer_type=CatalogueAnswer,
        answer_example=examples.CATALOGUE,
    ),
    Operation(
        id="models",
        method="get",
        path="/v1/models",
        summary="Every bundle, which one is promoted, and which one is in use",
        answer_type=ModelsAnswer,
        answer_example=examples.MODELS,
    ),
    Operation(
        id="live",
        method="get",
        path="/health/live",
        summary="The process answers",
        answer_type=LiveAnswer,
        answer_example=examples.LIVE,
    ),
    Operation(
        id="ready",
        method="get",
        path="/health/ready",
        summary="Whether traffic may come: catalogue, model and one warm-up decision",
        answer_type=ReadyAnswer,
        answer_example=examples.READY,
        problems=usual(405, 500, 503),
    ),
    Operation(
        id="metrics",
        method="get",
        path="/metrics",
        summary="Every metric in the Prometheus text format",
        answer_example=examples.METRICS,
        media_type="text/plain",
    ),
    Operation(
        id="openapi",
        method="get",
        path="/schema/openapi.json",
        summary="This document",
        answer_type=dict,
        answer_example={"openapi": "3.1.0", "info": {"title": "Next best offer"}, "paths": {}},
    ),
    Operation(
        id="schema",
        method="get",
        path="/schema",
        summary="This document as a page to read",
        answer_example="<!doctype html>",
        media_type="text/html",
    ),
)
