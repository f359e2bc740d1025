"""Whoever runs the service finds every setting documented with its default."""

from __future__ import annotations

import re
from pathlib import Path

from service.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(NBO_\w+)` \| (?:`([^`]*)`)? ?\|", re.MULTILINE)


def test_every_setting_stands_in_the_table_with_its_default() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    defaults = {f"{PREFIX}{name.upper()}": value for name, value in vars(Settings()).items()}
    told = {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in defaults.items()
    }
    assert dict(ROW.findall(text)) == told
