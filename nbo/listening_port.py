"""One port, one service: whoever binds it first listens at once, and a second one is refused."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from nbo.errors import PortUnavailable

BACKLOG = 2_048


@contextmanager
def listening_socket(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens: what arrives before a worker is up, or while one is replaced, waits.

    Raises `PortUnavailable` when the port is taken already.
    """
    with _bound(host, port) as listener:
        try:
            listener.listen(BACKLOG)
        except OSError as error:  # another one bound it a moment ago too, and was faster
            raise _unavailable(listener.getsockname()[0], port, error) from None
        yield listener


def refuse_taken_port(host: str, port: int) -> None:
    """Nothing when the port is free, else `PortUnavailable`."""
    _bound(host, port).close()


def _bound(host: str, port: int) -> socket.socket:
    family, address = _resolve(host, port)
    listener = socket.socket(family, socket.SOCK_STREAM)
    # Shares with nobody, except with connections that are closing.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        raise _unavailable(address, port, error) from None
    return listener


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, str]:
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise PortUnavailable(f"host {host} is unknown ({error.strerror}): correct it") from None
    family, _, _, _, address = found[0]
    return family, str(address[0])


def _unavailable(address: str, port: int, error: OSError) -> PortUnavailable:
    is_taken = error.errno == errno.EADDRINUSE
    what = "is taken" if is_taken else "cannot be used"
    cure = "end what listens there" if is_taken else "choose another host"
    return PortUnavailable(
        f"port {port} {what}: {address} refuses it ({error.strerror});"
        f" {cure}, or choose another port with --port"
    )
