"""The board and the alerts ask for metrics and labels the service declares, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.api.operations import OPERATIONS
from service.domain.decision import NoOfferReason, Rung
from service.telemetry.metrics import LATENCY_BUCKETS, Metrics

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SCRAPED = {"instance", "job"}
"""Labels Prometheus adds."""
CLOSED: dict[str, set[str]] = {
    "served_from": set(Rung),
    "reason": set(NoOfferReason),
    "route": {operation.path for operation in OPERATIONS} | {"unmatched"},
    "result": {"ok", "unreachable", "unreadable", "short_circuited", "adopted", "refused"},
    "operation": {"commit", "release", "note"},
    "status": {"200", "400", "404", "405", "408", "413", "500", "503"},
    "le": {str(bound) for bound in LATENCY_BUCKETS} | {"+Inf"},
}
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",), "gauge": ("",)}
FUNCTIONS = {
    "absent", "avg", "count", "histogram_quantile", "increase", "max", "min", "rate", "resets",
    "sum",
}  # fmt: skip
WORDS = {"by", "without", "and", "or", "unless", "offset", "on", "ignoring", "bool"}
TOKEN = re.compile(
    r'(?P<range>\[[^\]]*\])|(?P<text>"[^"]*")|(?P<offset>\boffset\s+\w+)'
    r"|(?P<group>\b(?:by|without|on|ignoring)\s*\([^)]*\))|(?P<name>[a-zA-Z_:][\w:]*)"
    r"|(?P<selector>\{[^}]*\})"
)
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
NEEDED = {
    "nbo_decisions_total", "nbo_http_request_duration_seconds_bucket", "nbo_no_offers_total",
    "nbo_degradations_total", "nbo_customer_reads_total", "nbo_store_breakers_open",
    "nbo_http_requests_shed_total", "nbo_event_loop_delay_seconds_bucket", "nbo_model_info",
    "nbo_model_swaps_total", "nbo_stage_failures_total", "nbo_workers", "nbo_workers_wanted",
    "nbo_catalogue_refused", "nbo_background_failures_total",
}  # fmt: skip


@cache
def declared() -> dict[str, set[str]]:
    """Every sample name the service can expose, with its labels."""
    names: dict[str, set[str]] = {}
    for metric in Metrics().registry._collector_to_names:
        kind = metric._type  # type: ignore[attr-defined]
        for suffix in SUFFIXES[kind]:
            labels = set(metric._labelnames)  # type: ignore[attr-defined]
            names[metric._name + suffix] = labels | ({"le"} if suffix == "_bucket" else set())  # type: ignore[attr-defined]
    return names


def asked(expression: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every metric of a PromQL expression with the labels it is selected by."""
    metric = None
    for token in TOKEN.finditer(expression):
        if token["name"] and token["name"] not in FUNCTIONS | WORDS:
            if metric:
                yield metric, {}
            metric = token["name"]
        elif token["selector"] and metric:
            yield metric, dict(MATCHER.findall(token["selector"]))
            metric = None
    if metric:
        yield metric, {}


def grouped(expression: str) -> set[str]:
    """Every label the expression groups by."""
    lists = re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", expression)
    return {name.strip() for one in lists for name in one.split(",")}


def problems(expression: str) -> list[str]:
    """What is wrong with an expression, as far as names go."""
    found, known = [], set(SCRAPED)
    for metric, selected in asked(expression):
        labels = declared().get(metric)
        if labels is None:
            found.append(f"no metric {metric}")
            continue
        known |= labels
        for label, value in selected.items():
            if label not in labels:
                found.append(f"{metric} has no label {label}")
            elif label in CLOSED and value not in CLOSED[label]:
                found.append(f"{label} is never {value}")
    found += [f"nothing has the label {label}" for label in grouped(expression) - known]
    return found + [
        f"unbalanced {a}{b}" for a, b in ("()", "[]", "{}") if _differs(expression, a, b)
    ]


def _differs(expression: str, left: str, right: str) -> bool:
    return expression.count(left) != expression.count(right)


def alerts() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"]
    rules: list[dict[str, Any]] = group["rules"]
    return rules


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DEPLOY / "grafana" / "nbo.json").read_text())[
        "panels"
    ]
    return found


def queries() -> list[tuple[str, str]]:
    return [(target["expr"], target["legendFormat"]) for p in panels() for target in p["targets"]]


def anchors() -> set[str]:
    text = (ROOT / "docs" / "operations.md").read_text()
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule["alert"])
def test_an_alert_is_complete_and_asks_for_what_there_is(rule: dict[str, Any]) -> None:
    assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert re.fullmatch(r"\d+[smh]", rule["for"])
    assert rule["annotations"]["summary"]
    assert list(asked(rule["expr"]))
    assert problems(rule["expr"]) == []
    told = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert told <= grouped(rule["expr"])
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert page == "docs/operations.md"
    assert anchor in anchors()


def test_no_alert_takes_the_time_a_client_needs_to_send_for_the_service_s() -> None:
    watched = {metric for rule in alerts() for metric, _ in asked(rule["expr"])}
    assert "nbo_decision_duration_seconds_bucket" in watched
    assert not any(metric.startswith("nbo_http_request_duration") for metric in watched)


def test_what_must_not_stay_unseen_has_an_alert() -> None:
    watched = {metric for rule in alerts() for metric, _ in asked(rule["expr"])}
    assert watched >= {
        "nbo_workers", "nbo_workers_wanted", "nbo_catalogue_refused",
        "nbo_background_failures_total", "nbo_log_failures_total",
    }  # fmt: skip


def test_alerts_have_names_of_their_own() -> None:
    names = [rule["alert"] for rule in alerts()]
    assert len(names) == len(set(names))


def test_every_link_inside_the_runbook_leads_somewhere() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) <= anchors()


@pytest.mark.parametrize(("expression", "legend"), queries(), ids=lambda text: text[:60])
def test_a_query_of_the_board_asks_for_what_there_is(expression: str, legend: str) -> None:
    assert list(asked(expression))
    assert problems(expression) == []
    assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= grouped(expression)


def test_the_board_shows_what_an_operator_looks_for_and_no_panel_covers_another() -> None:
    shown = {metric for expression, _ in queries() for metric, _ in asked(expression)}
    assert shown >= NEEDED
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels()]
    assert len(places) == len(set(places))
    ids = [panel["id"] for panel in panels()]
    assert len(ids) == len(set(ids))
    assert all(panel["datasource"]["uid"] == "prometheus" for panel in panels())


def test_prometheus_loads_the_alerts_and_scrapes_the_service() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yaml").read_text())
    assert [(DEPLOY / "prometheus" / file).exists() for file in config["rule_files"]] == [True]
    (job,) = config["scrape_configs"]
    assert job["metrics_path"] in {operation.path for operation in OPERATIONS}
    host, _, port = job["static_configs"][0]["targets"][0].partition(":")
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert host in compose["services"]
    assert port == "8000"


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("rate(nbo_decision_total[5m])", "no metric nbo_decision_total"),
        ("nbo_decision_duration_seconds", "no metric nbo_decision_duration_seconds"),
        ('nbo_decisions_total{rung="full"}', "nbo_decisions_total has no label rung"),
        ('nbo_decisions_total{served_from="best"}', "served_from is never best"),
        ("sum by (stage) (nbo_decisions_total)", "nothing has the label stage"),
        ("sum(nbo_model_info", "unbalanced ()"),
    ],
)
def test_a_name_that_is_wrong_is_found(expression: str, says: str) -> None:
    assert says in problems(expression)
