"""Native code from bytes that were verified: exactly these bytes are mapped, never a path again."""

from __future__ import annotations

import ctypes
import fcntl
import os

from model_registry.errors import RankerRefused

_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL


def load_library(content: bytes) -> ctypes.CDLL:
    """Load a shared library out of sealed memory; `RankerRefused` where that cannot be done.

    The memory stays open for good: the loader knows libraries by name, and a descriptor number used
    again would give the library that was loaded under it before.
    """
    try:
        descriptor = os.memfd_create("ranker", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except (AttributeError, OSError) as error:
        raise RankerRefused(f"this system keeps no library in memory ({error})") from error
    try:
        _fill(descriptor, content)
        return ctypes.CDLL(f"/proc/self/fd/{descriptor}")
    except OSError as error:
        os.close(descriptor)
        raise RankerRefused(f"the system's loader refuses its library ({error})") from error


def _fill(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
