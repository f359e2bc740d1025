"""Packed commands answer in order, and a failure leaves nothing for the next user to misread."""

from __future__ import annotations

import pytest
from redis.exceptions import OutOfMemoryError, ResponseError

from training.features.packed_redis import bulk, command, packed

PING = command([bulk(b"PING")])


def echo(text: bytes) -> bytes:
    return command([bulk(b"ECHO"), bulk(text)])


def test_replies_come_in_the_order_of_the_commands(redis):
    with packed(redis) as link:
        link.send([echo(b"a"), echo("é\r\n".encode())])
        link.send([echo(b"c")])

        assert link.replies(2) == [b"a", "é\r\n".encode()]
        assert link.replies(1) == [b"c"]


def test_an_error_stands_in_its_place_when_asked_for(redis):
    redis.set("text", "x")
    with packed(redis) as link:
        link.send([echo(b"a"), command(map(bulk, (b"HGET", b"text", b"f"))), echo(b"b")])

        first, error, last = link.replies_or_errors(3)
    assert (first, last) == (b"a", b"b")
    assert isinstance(error, ResponseError)


def test_a_refused_write_nobody_looked_at_fails_when_the_connection_is_given_back(redis):
    redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(OutOfMemoryError), packed(redis) as link:
            link.send([echo(b"stale"), command(map(bulk, (b"SET", b"k", b"v"))), echo(b"stale")])
    finally:
        redis.config_set("maxmemory", 0)

    assert redis.echo("fresh") == b"fresh"


def test_what_was_not_read_answers_nobody_else(redis):
    with pytest.raises(KeyError), packed(redis) as link:
        link.send([echo(b"stale")])
        raise KeyError

    assert redis.echo("fresh") == b"fresh"
