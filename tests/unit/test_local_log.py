"""Where the log and what proves it lie."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from nbo.local_log import on_one_volume


def test_folders_side_by_side_lie_on_one_volume_and_a_missing_one_on_none(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    assert not on_one_volume(tmp_path / "log", tmp_path / "anchors")
    (tmp_path / "anchors").mkdir()
    assert on_one_volume(tmp_path / "log", tmp_path / "anchors")


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second volume")
def test_a_folder_in_memory_lies_on_another_volume(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        assert not on_one_volume(tmp_path, Path(elsewhere))
