"""The context table laid over offers."""

from __future__ import annotations

import pytest

from service.domain.context_weights import ContextFactors, ContextWeight

TABLE = (
    ContextWeight("login", None, "cards", 1.5),
    ContextWeight(None, "borrow", "loans", 1.8),
    ContextWeight("login", "borrow", "loans", 1.8),
    ContextWeight(None, "save", "loans", 0.1),
)
FACTORS = ContextFactors(TABLE, ("cards", "loans", "funds"))


@pytest.mark.parametrize(
    ("trigger", "intent", "expected"),
    [
        (None, None, [1.0, 1.0, 1.0]),
        ("login", None, [1.5, 1.0, 1.0]),
        ("login", "borrow", [1.5, 2.0, 1.0]),
        ("unheard of", "borrow", [1.0, 1.8, 1.0]),
        (None, "save", [1.0, 0.5, 1.0]),
    ],
)
def test_weighs_what_matches_within_bounds(
    trigger: str | None, intent: str | None, expected: list[float]
) -> None:
    assert FACTORS.of(trigger, intent).tolist() == expected


def test_keeps_one_column_for_all_that_the_table_does_not_name() -> None:
    assert FACTORS.of("unheard of", "never said") is FACTORS.of(None, None)


def test_nobody_may_write_into_what_is_kept() -> None:
    with pytest.raises(ValueError, match="read-only"):
        FACTORS.of(None, None)[0] = 2.0
