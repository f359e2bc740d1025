"""One worker process: it ends with its parent, and says goodbye before it stops."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

from model_registry.optional_libraries import leave_out_optional_libraries

if TYPE_CHECKING:
    from litestar import Litestar

PR_SET_PDEATHSIG = 1


def create_app(*, workers: int = 1, is_replacement: bool = False) -> Litestar:
    """The service as one of so many workers, tied to the process that started it."""
    _end_with_parent()
    leave_out_optional_libraries()
    from service.asgi import create_app as create_service
    from service.settings import Crew

    app = create_service(crew=Crew(workers, is_replacement))
    app.on_startup += [_say_goodbye_first, _keep_out_of_collections]
    return app


async def _keep_out_of_collections() -> None:
    """What serving started with stays: a full collection of it stops every decision for 40 to 90
    ms, once in a few hundred of them.
    """
    gc.collect()
    gc.freeze()


def _end_with_parent() -> None:
    """A worker whose supervisor was killed would go on serving, and nobody would replace it."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended just now, before we asked to be told
        os.kill(os.getpid(), signal.SIGTERM)


async def _say_goodbye_first(app: Litestar) -> None:
    """On SIGTERM: not ready and closing connections for a while, then stop as the server does.

    Without it a client can send its next request into a connection that is just being closed. A
    second SIGTERM stops at once.
    """
    from service.asgi import begin_farewell

    loop, stop = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)
    if not callable(stop):
        return

    def leave() -> None:
        seconds = begin_farewell(app)
        loop.call_later(seconds, stop, signal.SIGTERM, None)

    def on_sigterm(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, stop)
        loop.call_soon_threadsafe(leave)

    signal.signal(signal.SIGTERM, on_sigterm)
