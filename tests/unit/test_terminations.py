"""Signals unwind, and wait while something must not be cut in half."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from nbo.terminations import terminations_held_back, terminations_unwind


@pytest.fixture(autouse=True)
def _handlers_as_in_a_fresh_process() -> Iterator[None]:
    fresh = {
        signal.SIGINT: signal.default_int_handler,  # a shell ignores it for what it runs behind
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in fresh.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_termination_leaves_through_every_finally(number: signal.Signals) -> None:
    with pytest.raises(SystemExit) as left, terminations_unwind():
        signal.raise_signal(number)
    assert left.value.code == 128 + number
    assert signal.getsignal(number) is signal.SIG_DFL


def test_ctrl_c_waits_until_the_block_is_complete() -> None:
    completed = False
    with pytest.raises(KeyboardInterrupt), terminations_held_back():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        completed = True
    assert completed


def test_a_held_back_termination_unwinds_afterwards() -> None:
    completed = False
    with pytest.raises(SystemExit), terminations_unwind():
        with terminations_held_back():
            signal.raise_signal(signal.SIGTERM)
            completed = True
        pytest.fail("the termination was lost")
    assert completed


def test_an_ignored_hangup_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with terminations_unwind(), terminations_held_back():
        signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
