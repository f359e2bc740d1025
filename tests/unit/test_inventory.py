"""What the catalogue is told as."""

from __future__ import annotations

from dataclasses import replace

from service.api.inventory import _titles
from tests.worlds import toy_catalogue, toy_words


def test_an_offer_is_called_what_it_is_called_everywhere() -> None:
    own, general = replace(toy_words("en"), title="For calls"), toy_words("en")
    written = {
        ("buy_fund", "en", "call_center"): own,
        ("buy_fund", "en", "*"): general,
        ("buy_fund", "zh-CN", "sms"): replace(toy_words("zh-CN"), title="短信"),
        ("get_card", "en", "*"): replace(general, title="Another"),
    }
    for treatments in (written, dict(reversed(written.items()))):
        titles = _titles(replace(toy_catalogue(), treatments=treatments), "buy_fund")
        assert titles == {"en": general.title, "zh-CN": "短信"}
