"""One folder for each worker, held by a lock that ends with its process: w0, w1, …"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from service.adapters.event_log.recovery import ChainDamaged, ChainEnd, recover


@dataclass(frozen=True)
class WriterSlot:
    """A slot that is ours while the process lives; `damaged` are the free ones passed over."""

    folder: Path
    end: ChainEnd
    damaged: tuple[str, ...]
    descriptor: int

    @property
    def writer(self) -> str:
        """The slot's name."""
        return self.folder.name

    def free(self) -> None:
        """Let another process have it."""
        os.close(self.descriptor)


def take_slot(root: Path, anchors: Path) -> WriterSlot:
    """The first slot that nobody holds and whose chain is whole. Raises `OSError`.

    A damaged chain is never continued: that would hide where the damage lies.
    """
    damaged: list[str] = []
    for number in count():
        folder = root / f"w{number}"
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return WriterSlot(folder, recover(folder, anchors), tuple(damaged), descriptor)
        except BlockingIOError:
            os.close(descriptor)
        except ChainDamaged:
            os.close(descriptor)
            damaged.append(folder.name)
        except BaseException:
            with suppress(OSError):
                os.close(descriptor)
            raise
    raise AssertionError("count() never ends")


def is_held(folder: Path) -> bool:
    """Whether a living process writes there now."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
