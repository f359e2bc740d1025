"""What one person exported, nobody else reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbo.output import write_private


@pytest.fixture(params=[0o000, 0o022, 0o077])
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_umask")
@pytest.mark.parametrize("was_there", [True, False])
def test_a_private_file_is_its_owners_alone_whatever_the_umask(
    tmp_path: Path, was_there: bool
) -> None:
    file = tmp_path / "decision.json"
    if was_there:
        file.write_bytes(b"an older and longer content")
    write_private(file, b"content")
    assert file.read_bytes() == b"content"
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_is_no_file_keeps_its_mode(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    pipe.chmod(0o620)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_private(pipe, b"content")
        assert os.read(reader, 100) == b"content"
    finally:
        os.close(reader)
    assert pipe.stat().st_mode & 0o777 == 0o620
