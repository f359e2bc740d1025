"""The machine's C compiler, asked for one shared library the same way every time."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from training.errors import RankerNotBuilt

_NAMES = ("cc", "gcc", "clang")
_SECONDS = 120
_FLAGS = (
    "-std=gnu11",
    "-O3",
    "-fPIC",
    "-shared",
    "-fvisibility=hidden",
    "-ffp-contract=off",
    "-Wl,--build-id=none,-z,relro,-z,now,-z,noexecstack",
)


@dataclass(frozen=True)
class CCompiler:
    """A C compiler and how it calls itself."""

    path: str
    version: str

    @classmethod
    def find(cls) -> CCompiler:
        """The first of cc, gcc and clang on PATH; `RankerNotBuilt` when there is none."""
        path = next(filter(None, map(shutil.which, _NAMES)), None)
        if path is None:
            raise RankerNotBuilt("no C compiler is on PATH: install gcc or clang")
        lines = _run([path, "--version"], Path.cwd()).splitlines()
        return cls(path, lines[0] if lines else Path(path).name)

    def library(self, source: str) -> bytes:
        """The shared library of this C program; `RankerNotBuilt` with the compiler's complaint."""
        with tempfile.TemporaryDirectory(prefix="nbo-ranker-") as name:
            folder = Path(name)
            (folder / "ranker.c").write_text(source)
            _run([self.path, *_FLAGS, "ranker.c", "-o", "ranker.so"], folder)
            return (folder / "ranker.so").read_bytes()


def _run(command: list[str], folder: Path) -> str:
    """Standard output; messages in English whatever the user's language."""
    environment = os.environ | {"LC_ALL": "C"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        complaint = next((ln for ln in error.stderr.splitlines() if "error" in ln), "no reason")
        raise RankerNotBuilt(f"{command[0]} fails: {complaint[:200]}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RankerNotBuilt(f"{command[0]} cannot be run ({error})") from error
    return done.stdout
