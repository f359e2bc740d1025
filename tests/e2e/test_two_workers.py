"""Two real workers behind one port: whichever is asked answers for both."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.parser import text_string_to_metric_families

from tests.redis_server import private_redis
from tests.serving_process import Serving, serving
from tests.toy_installation import installed

ASK = {"customer_id": "c01", "channel": "mobile_app", "locale": "en"}
DECISIONS = 200
SCRAPES = 40


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("two")
    (folder / "tmp").mkdir()
    with private_redis() as url:
        environment = installed(folder, NBO_REDIS_URL=url) | {
            "TMPDIR": str(folder / "tmp"),
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        nbo = [sys.executable, "-m", "nbo"]
        with serving(nbo, environment, folder, workers=2) as running:
            yield running


def decide(service: Serving) -> None:
    """One decision over a connection of its own, so that any worker may get it."""
    url = service.client.base_url.join("/v1/decisions")
    assert httpx.post(url, json=ASK).status_code == 200


def scrape(service: Serving) -> dict[tuple[str, str], float]:
    """Every sample, asked for over a connection of its own."""
    text = httpx.get(service.client.base_url.join("/metrics")).text
    return {
        (sample.name, str(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of_requests(samples: dict[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """Without what the asking itself, or the time that passes, moves."""
    moved = ("'/metrics'", "nbo_event_loop", "nbo_http_requests_in_flight", "nbo_log_sync")
    return {k: v for k, v in samples.items() if not any(word in "".join(k) for word in moved)}


def workers_that_counted(folder: Path, metric: str) -> set[str]:
    """Files in which a worker kept a count of this metric above nought."""
    return {
        file.name
        for file in folder.glob("nbo-metrics-*/counter_*.db")
        for key, value, *_ in MmapedDict.read_all_values_from_file(str(file))  # type: ignore[no-untyped-call]
        if json.loads(key)[1] == metric and value > 0
    }


def test_metrics_are_the_same_whichever_worker_answers(service: Serving) -> None:
    before = scrape(service)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(decide, [service] * DECISIONS))
    assert len(workers_that_counted(service.output.parent / "tmp", "nbo_decisions_total")) == 2
    scraped = [of_requests(scrape(service)) for _ in range(SCRAPES)]
    assert all(one == scraped[0] for one in scraped)
    answered = sum(
        value - before.get(key, 0.0)
        for key, value in scraped[0].items()
        if key[0] == "nbo_decisions_total"
    )
    assert answered == DECISIONS
    assert scraped[0]["nbo_worker_starts_total", "[]"] == 2.0
