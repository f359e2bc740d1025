"""How far a long step is, where nobody has a terminal."""

from __future__ import annotations

import pytest

from nbo.progress import ProgressLines, shown_progress


def test_a_step_is_told_when_it_begins_and_when_it_is_complete(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = ProgressLines()
    for done in range(1, 101):
        lines("read", done, 100)
    lines("write", 7, None)
    assert capsys.readouterr().err.splitlines() == ["read: 1/100", "read: 100/100", "write: 7"]


def test_progress_goes_to_stderr_only(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress() as progress:
        progress("fit", 1, 1)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "fit: 1/1\n")
