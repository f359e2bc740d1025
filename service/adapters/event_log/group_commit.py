"""The thread that brings what was appended to disk: soon for all, at once for who waits."""

from __future__ import annotations

import time
from concurrent.futures import Future
from threading import Event, Lock, Thread
from typing import Protocol

from service.adapters.event_log.chain_writer import ChainWriter
from service.errors import LogUnavailable
from service.ports.event_log import RecordKind

INTERVAL_SECONDS = 0.05
RETRY_SECONDS = 0.25


class LogWatch(Protocol):
    """Who counts what the log does; each call is short and never raises."""

    def recorded(self, kind: RecordKind) -> None:
        """One record was written."""

    def synced(self, seconds: float) -> None:
        """A group commit took this long, also when it failed."""

    def failed(self, error: LogUnavailable) -> None:
        """An append or a group commit failed."""

    def recovered(self) -> None:
        """A group commit succeeded after one that failed; of appends, `recorded` says so."""


class NobodyWatches:
    """Counts nothing."""

    def recorded(self, kind: RecordKind) -> None:
        """Nothing."""

    def synced(self, seconds: float) -> None:
        """Nothing."""

    def failed(self, error: LogUnavailable) -> None:
        """Nothing."""

    def recovered(self) -> None:
        """Nothing."""


class GroupCommit:
    """One `commit` for everything appended within 50 ms; a failed one is tried again."""

    def __init__(self, chain: ChainWriter, watch: LogWatch) -> None:
        self._chain, self._watch = chain, watch
        self._is_wanted, self._is_urgent, self._is_closing = Event(), Event(), Event()
        self._waiting: list[Future[None]] = []
        self._lock, self._has_ended, self._has_failed = Lock(), False, False
        self._thread = Thread(target=self._run, name="event log", daemon=True)

    def start(self) -> None:
        """Begin; the first commit is at once."""
        self._is_urgent.set()
        self._is_wanted.set()
        self._thread.start()

    def wanted(self) -> None:
        """Something was appended, or is to be tried again."""
        if not self._is_wanted.is_set():
            self._is_wanted.set()

    def settled(self) -> Future[None]:
        """Done once all that is appended by now is on disk, else failed with `LogUnavailable`."""
        future: Future[None] = Future()
        with self._lock:
            if self._has_ended:
                future.set_exception(_closed())
                return future
            self._waiting.append(future)
        self._is_urgent.set()
        self._is_wanted.set()
        return future

    def close(self) -> None:
        """Commit once more and end the thread."""
        self._is_closing.set()
        self._is_urgent.set()
        self._is_wanted.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._is_closing.is_set():
                self._is_wanted.wait()
                self._is_urgent.wait(INTERVAL_SECONDS)
                if not self._commit():
                    self._is_closing.wait(RETRY_SECONDS)
            self._commit()
        finally:
            with self._lock:
                self._has_ended, waiting = True, self._waiting
            _tell(waiting, _closed())

    def _commit(self) -> bool:
        self._is_wanted.clear()
        self._is_urgent.clear()
        with self._lock:
            waiting, self._waiting = self._waiting, []
        failure: LogUnavailable | None = _closed()  # unless the commit comes to an end
        began = time.perf_counter()
        try:
            self._chain.commit()
            failure = None
            if self._has_failed:
                self._has_failed = False
                self._watch.recovered()
        except LogUnavailable as error:
            failure = error
            self._fell(failure)
        except Exception as error:  # noqa: BLE001 - else the thread ends and nothing is ever synced
            failure = LogUnavailable(f"the event log cannot be synced ({type(error).__name__})")
            self._fell(failure)
        finally:
            self._watch.synced(time.perf_counter() - began)
            _tell(waiting, failure)
        return failure is None

    def _fell(self, failure: LogUnavailable) -> None:
        self._has_failed = True
        self._watch.failed(failure)
        self._is_wanted.set()


def _tell(waiting: list[Future[None]], failure: LogUnavailable | None) -> None:
    for future in waiting:
        if not future.set_running_or_notify_cancel():
            continue
        if failure is None:
            future.set_result(None)
        else:
            future.set_exception(failure)


def _closed() -> LogUnavailable:
    return LogUnavailable("the event log of this process is closed: start the service again")
