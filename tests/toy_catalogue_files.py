"""A toy bank's catalogue as files: two offers, one of them conditional, in two channels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from service.adapters.catalogue_files import CatalogueFiles
from service.domain.catalogue import Catalogue

Files = dict[str, Any]


def toy_files() -> Files:
    """Valid files as plain values, for tests to change."""
    words = {"title": "Title", "body": "Body"}
    return {
        "offers": {
            "bank": "toy",
            "currency": "EUR",
            "offers": [
                {
                    "id": "get_card",
                    "version": 2,
                    "product_id": "card",
                    "group": "cards",
                    "issue": "grow",
                    "value": 20,
                    "lever": 1.5,
                    "channels": ["mobile_app"],
                    "placements": ["home_feed"],
                    "valid_from": datetime(2026, 1, 1, tzinfo=UTC),
                    "valid_until": datetime(2027, 1, 1, tzinfo=UTC),
                    "minimum_age": 18,
                    "purpose": "third_party",
                },
                {
                    "id": "visit",
                    "version": 1,
                    "product_id": "service_visit",
                    "group": "services",
                    "issue": "serve",
                    "value": 1.0,
                    "channels": ["mobile_app", "sms"],
                    "repeatable": True,
                },
            ],
        },
        "policy": {
            "time_zone": "Europe/Madrid",
            "channels": {
                "mobile_app": {
                    "purpose": "display",
                    "direction": "inbound",
                    "placements": {"login_banner": 1, "home_feed": 3},
                },
                "sms": {
                    "purpose": "outbound",
                    "direction": "outbound",
                    "placements": {"message": 1},
                },
            },
            "consent": {
                "display": "opt_out",
                "personalisation": "opt_out",
                "sms/outbound": "opt_in",
            },
            "levers": {"issues": {"grow": 1.2}, "groups": {"cards": 1.2}},
            "context_weights": [{"intent": "card", "group": "cards", "weight": 1.5}],
            "diversity": {"max_per_group": 2},
        },
        "treatments": {
            "treatments": [
                {"offer": "get_card", "locale": "en", **words},
                {"offer": "visit", "locale": "en", "channel": "sms", **words},
                {"offer": "visit", "locale": "en", "channel": "mobile_app", **words},
            ]
        },
    }


def written(folder: Path, files: Files) -> Path:
    """The folder, with these files in it."""
    for name, content in files.items():
        text = yaml.safe_dump(content, sort_keys=False)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def loaded(folder: Path, change: Callable[[Files], Any] = lambda _: None) -> Catalogue:
    """The catalogue of the toy bank, after a change to its files."""
    files = toy_files()
    change(files)
    vocabulary = ("account", "card")
    folder = written(folder, files)
    return CatalogueFiles(folder, bank="toy", product_vocabulary=vocabulary, currency="EUR").load()


def offer(files: Files, row: int = 0) -> Any:
    """One offer's entry."""
    return files["offers"]["offers"][row]
