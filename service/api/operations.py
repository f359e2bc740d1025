"""Every documented operation in one table; a test compares it with the routes there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.api import examples
from service.api.problems import OVERLOADED, PROBLEMS, Kind
from service.api.wire import (
    CatalogueAnswer,
    DecisionAnswer,
    DecisionRequest,
    LiveAnswer,
    ModelsAnswer,
    ReadyAnswer,
)

JSON = "application/json"


@dataclass(frozen=True)
class Operation:
    """One method of one address; without an `answer_type` the answer is text."""

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
        problems=usual(400, 405, 408, 413, 500) | {503: OVERLOADED},
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
