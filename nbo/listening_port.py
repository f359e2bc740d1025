"""One port, one service: granian's workers would share theirs, also with another service."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from nbo.errors import PortUnavailable


@contextmanager
def reserved_port(host: str, port: int) -> Iterator[str]:
    """The numeric address to bind; inside the block a second `nbo serve` finds the port taken.

    Raises `PortUnavailable` when it is taken already.
    """
    family, address = _resolve(host, port)
    _probe(family, address, port)
    with socket.socket(family, socket.SOCK_STREAM) as guard:
        if sys.platform == "linux":
            # Bound, but not listening: it takes no connection, lets this user's workers in beside
            # it, and refuses whoever does not share, from before the workers listen.
            guard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            with suppress(OSError):  # connections of an earlier server that did not share
                guard.bind((address, port))
        yield address


def refuse_taken_port(host: str, port: int) -> None:
    """Nothing when the port is free, else `PortUnavailable`."""
    family, address = _resolve(host, port)
    _probe(family, address, port)


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, str]:
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise PortUnavailable(f"host {host} is unknown ({error.strerror}): correct it") from None
    family, _, _, _, address = found[0]
    return family, str(address[0])


def _probe(family: socket.AddressFamily, address: str, port: int) -> None:
    """Bind as somebody who shares with nobody, except with connections that are closing."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            is_taken = error.errno == errno.EADDRINUSE
            what = "is taken" if is_taken else "cannot be used"
            cure = "end what listens there" if is_taken else "choose another host"
            raise PortUnavailable(
                f"port {port} {what}: {address} refuses it ({error.strerror});"
                f" {cure}, or choose another port with --port"
            ) from None
