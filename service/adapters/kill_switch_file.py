"""The kill switches of one installation: one small file, replaced whole, flushed to disk."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from model_registry.durable_files import replace_durably
from model_registry.file_lock import exclusive
from service.domain.kill_switches import KillState
from service.errors import DependencyUnavailable, RecordDamaged

FILE = "kill_switches.json"
LOCK = ".kill_switches.lock"


class KillSwitchFile:
    """Shared by every worker of a home; writers take turns, readers see the old or the new."""

    def __init__(self, folder: Path) -> None:
        self._path, self._lock = folder / FILE, folder / LOCK
        self._last: tuple[bytes | None, KillState] = (None, KillState())

    def read(self) -> KillState:
        """What is stopped now; the same object as long as nothing changed. A file of a lower
        version was made by somebody who knew less, and is overruled.

        Raises `DependencyUnavailable` when the file is damaged, or gone although it was there:
        neither may be taken for "nothing is stopped".
        """
        content, known = self._last
        state = self._look()
        if state is known and content is not None and self._content() != content:
            self._overrule(content, known.version)
        return state

    def ensure(self, on_record: Callable[[], KillState]) -> None:
        """Make the file where there is none, from what is on record: whoever starts knows nothing
        of what a lost one stopped. Raises `DependencyUnavailable` when either cannot be had.
        """
        if self._content() is not None:
            return
        try:
            state = on_record()  # it takes a while: a stop must not wait for the lock meanwhile
            with exclusive(self._lock):
                if self._content() is None:
                    replace_durably(self._path, _encode(state))
        except RecordDamaged as error:
            raise DependencyUnavailable(
                f"{self._path} is gone, and what it stopped cannot be told from the event log:"
                f" restore it from a backup, or the log: {error}"
            ) from None
        except OSError as error:
            raise DependencyUnavailable(
                f"{self._path} is gone and cannot be made anew ({error.strerror}): free disk space"
                " or mend access to NBO_HOME"
            ) from None

    def change(self, edit: Callable[[KillState], KillState]) -> KillState:
        """Replace the state by what `edit` makes of it; on disk when this returns.

        A file that was damaged or deleted meanwhile is made anew from what was last read of it: a
        stop must not have to wait for a repair.
        """
        try:
            with exclusive(self._lock):
                state = edit(self._read_or_last())
                replace_durably(self._path, _encode(state))
        except OSError as error:
            raise DependencyUnavailable(
                f"{self._path} cannot be written ({error.strerror}): nothing was changed; free disk"
                " space or mend access to NBO_HOME"
            ) from None
        return state

    def _read_or_last(self) -> KillState:
        content, known = self._last
        try:
            return self._look()
        except DependencyUnavailable:
            if content is None:
                raise
            return known

    def _look(self) -> KillState:
        content, known = self._last
        found = self._content()
        if found is None and content is not None:
            raise DependencyUnavailable(
                f"{self._path} is gone: what it stopped stays stopped; put it back"
            )
        if found is None or found == content:
            return known
        state = self._decode(found)
        if state.version < known.version:
            return known
        self._last = found, state
        return state

    def _overrule(self, content: bytes, version: int) -> None:
        """Unless somebody else was faster."""
        with suppress(OSError), exclusive(self._lock):
            found = self._content()
            if found is not None and self._decode(found).version < version:
                replace_durably(self._path, content)

    def _content(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DependencyUnavailable(
                f"{self._path} cannot be read ({error.strerror}): mend access to NBO_HOME"
            ) from None

    def _decode(self, content: bytes) -> KillState:
        try:
            return msgspec.json.decode(content, type=KillState)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise DependencyUnavailable(
                f"{self._path} is damaged: restore it, or delete it and start again, which makes it"
                " anew from the event log"
            ) from None


def _encode(state: KillState) -> bytes:
    return msgspec.json.format(msgspec.json.encode(state))
