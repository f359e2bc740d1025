"""Redis commands packed in bulk over one connection of redis-py: many sent, then many read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError


def bulk(value: bytes) -> bytes:
    """One argument of a command as it goes over the wire."""
    return b"$%d\r\n%b\r\n" % (len(value), value)


def command(arguments: Iterable[bytes]) -> bytes:
    """A whole command as it goes over the wire; the arguments are `bulk` already."""
    parts = list(arguments)
    return b"*%d\r\n%b" % (len(parts), b"".join(parts))


class PackedRedis:
    """Sends packed commands without waiting; the replies come in the order of the commands."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._unread = 0

    def send(self, commands: Sequence[bytes]) -> None:
        """Send the commands at once."""
        if commands:
            self._connection.send_packed_command([b"".join(commands)])
            self._unread += len(commands)

    def settle(self) -> None:
        """Read all replies still due; the first error among them is raised."""
        self.replies(self._unread)

    def replies(self, count: int) -> list[Any]:
        """The next replies; the first error among them is raised."""
        read = self._connection.read_response
        self._unread -= count
        return [read(disable_decoding=True) for _ in range(count)]

    def replies_or_errors(self, count: int) -> list[Any]:
        """The next replies; an error stands in its own place."""
        read = self._connection.read_response
        self._unread -= count
        replies: list[Any] = []
        for _ in range(count):
            try:
                replies.append(read(disable_decoding=True))
            except ResponseError as error:
                replies.append(error)
        return replies


@contextmanager
def packed(redis: Redis) -> Iterator[PackedRedis]:
    """A connection of this client, given back afterwards; all replies were read when no error."""
    connection: Any = redis.connection_pool.get_connection()
    try:
        link = PackedRedis(connection)
        yield link
        link.settle()
    except BaseException:
        # Replies nobody read would answer the next user's commands.
        connection.disconnect()
        raise
    finally:
        redis.connection_pool.release(connection)
