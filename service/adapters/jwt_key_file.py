"""Public keys from a file, read again when it changes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from service.adapters.jwt_keys import KeySet, parse_keys
from service.errors import SettingsInvalid

POLL_SECONDS = 1.0


class JwtKeyFile:
    """A PEM or JWKS file; one that became unusable leaves the last good keys in force."""

    def __init__(self, path: Path) -> None:
        self._path, self._content = path, b""
        self.keys = KeySet()

    async def open(self) -> None:
        """Read it first; `SettingsInvalid` when it cannot be used."""
        await self.look()

    async def run(self) -> None:
        """Look once a second until cancelled; raises what is wrong with the file."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Take over what the file holds now; `SettingsInvalid` when that is unusable."""
        content = await asyncio.to_thread(self._read)
        if content == self._content:
            return
        keys = parse_keys(content, source=f"NBO_JWT_KEYS={self._path}")
        self.keys, self._content = keys, content

    async def look_for_unknown(self) -> None:
        """Look at once: the token may be signed with a key just added."""
        # An unusable file is reported by `run`; here it only means that the key stays unknown.
        try:
            await self.look()
        except SettingsInvalid:
            return

    def _read(self) -> bytes:
        try:
            return self._path.read_bytes()
        except OSError as error:
            raise SettingsInvalid(
                f"NBO_JWT_KEYS={self._path} cannot be read ({error.strerror}):"
                " put the public keys there, PEM or JWKS"
            ) from None
