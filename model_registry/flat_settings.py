"""A bundle's configuration as lines to be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

CONFIG_FILE = "config.json"


def flat_settings(settings: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted keys and their values as text, in the order they stand in."""
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from flat_settings(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)
