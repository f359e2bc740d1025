"""An answer as a table: reasons nobody asked for are not reasons there are none of."""

from __future__ import annotations

from typing import Any

import pytest

from nbo.answer_tables import show_answer


def answer(*reasons: str) -> dict[str, Any]:
    """One offer for these reasons."""
    offer = {
        "rank": 1,
        "offer_id": "card",
        "treatment": {"title": "A card"},
        "propensity": 0.1,
        "value": 5.0,
        "priority": 0.5,
        "reasons": [{"code": code, "text": ""} for code in reasons],
    }
    place = {"id": "home_feed", "offers": [offer], "no_offer_reason": None}
    return {"served_from": "full", "degraded_reasons": [], "placements": [place], "withheld": []}


def test_reasons_that_were_asked_for_are_shown_and_none_is_a_dash(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_answer(answer("RECENT_SALARY"))
    assert "RECENT_SALARY" in capsys.readouterr().out
    show_answer(answer())
    assert "–" in capsys.readouterr().out


def test_reasons_nobody_asked_for_are_no_dash_and_the_table_says_how_to_ask(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_answer(answer(), has_reasons=False)
    shown = capsys.readouterr().out
    assert "reasons: --explain" in shown
    assert "–" not in shown
