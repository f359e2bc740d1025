"""What `nbo catalogue check` says of a catalogue that is valid and seldom meant so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nbo.cli import run
from tests.toy_catalogue_files import Files, offer, toy_files, written

DESK = {"purpose": "display", "direction": "inbound", "placements": {"next_best_action": 3}}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBO_HOME", str(tmp_path / "home"))


def at_the_desk(*, talk_track: str | None, advises: bool = True) -> Files:
    """The card made at the call centre too."""
    files = toy_files()
    files["policy"]["channels"]["call_center"] = DESK | {"advises": advises}
    offer(files).update(channels=["mobile_app", "call_center"])
    offer(files).pop("placements")
    files["treatments"]["treatments"][0] |= {"talk_track": talk_track} if talk_track else {}
    return files


def hints(folder: Path, files: Files, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Told to people as to scripts; the check succeeds all the same."""
    words = ["catalogue", "check", "--catalogue", str(written(folder, files))]
    assert run(words) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("hint: ")]
    assert run([*words, "--json"]) == 0
    listed: list[str] = json.loads(capsys.readouterr().out)["hints"]
    assert [f"hint: {hint}" for hint in listed] == told
    return listed


def test_an_offer_that_agents_have_no_words_for_is_named(tmp_path: Path, capsys) -> None:
    (hint,) = hints(tmp_path, at_the_desk(talk_track=None), capsys)
    assert hint.startswith("offer get_card: no talk_track for call_center")
    assert hints(tmp_path, at_the_desk(talk_track="Ask her"), capsys) == []


def test_an_advised_offer_is_named_with_the_channels_that_never_make_it(
    tmp_path: Path, capsys
) -> None:
    files = at_the_desk(talk_track="Ask her")
    offer(files).update(advice="advised")
    (hint,) = hints(tmp_path, files, capsys)
    assert hint.startswith("offer get_card: it is advised, and nobody advises in mobile_app:")
    offer(files).update(channels=["call_center"])
    assert hints(tmp_path, files, capsys) == []
