"""The bytes of one record: a header that is chained, a salt and a payload that can be erased.

    content digest = SHA-256(salt, payload)
    payload digest = SHA-256(magic, version, kind, length, time, key, content digest)
    h              = SHA-256(h of the record before, writer, seq, payload digest)

So the chain protects kind, key and time also of a record whose payload was erased, and the salt,
erased with it, keeps the digest from telling whether a guessed payload was the right one.
"""

from __future__ import annotations

from hashlib import sha256
from struct import Struct
from typing import NamedTuple

from service.ports.event_log import RecordKind

MAGIC = b"NBOR"
VERSION = 1
ERASED = 1
START = bytes(32)
"""What the first record of a writer follows."""
NO_KEY = bytes(16)
SALT_BYTES = 16
MOST_PAYLOAD_BYTES = 16 * 2**20

KINDS: tuple[RecordKind, ...] = (
    RecordKind.DECISION,
    RecordKind.OUTCOME,
    RecordKind.KILL_SWITCH,
    RecordKind.CATALOGUE,
    RecordKind.MODEL,
    RecordKind.IMPORT,
    RecordKind.ERASURE,
)
"""A kind's code is its place here plus one: add at the end, never move or remove."""
CODES = {kind: code for code, kind in enumerate(KINDS, 1)}

_CHAINED = Struct(">4sBBBBIIQQ16s32s32s32s")
_DIGESTED = Struct(">4sBBIQ16s32s")
HEADER_BYTES = _CHAINED.size
_SALT_AT = HEADER_BYTES
BODY_AT = HEADER_BYTES + SALT_BYTES
"""Where the payload begins in its record."""


class Header(NamedTuple):
    """The fixed part of a record; times are microseconds since 1970, UTC."""

    magic: bytes
    version: int
    flags: int
    kind: int
    zero: int
    length: int
    zeros: int
    seq: int
    micros: int
    key: bytes
    content: bytes
    previous: bytes
    h: bytes

    @property
    def is_erased(self) -> bool:
        """Whether salt and payload were zeroed on purpose."""
        return self.flags == ERASED

    @property
    def record_bytes(self) -> int:
        """Header, salt and payload together."""
        return BODY_AT + self.length

    @property
    def payload_digest(self) -> bytes:
        """What `h` is made of beside the record's place in the chain."""
        return payload_digest(self.kind, self.length, self.micros, self.key, self.content)


class Content(NamedTuple):
    """What the caller wants on record; `key` is 16 bytes."""

    kind: RecordKind
    payload: bytes
    key: bytes
    micros: int
    salt: bytes


def payload_digest(kind: int, length: int, micros: int, key: bytes, content: bytes) -> bytes:
    """The digest that stands for all of a record but its place in the chain."""
    return sha256(_DIGESTED.pack(MAGIC, VERSION, kind, length, micros, key, content)).digest()


def link(previous: bytes, writer: bytes, seq: int, digest: bytes) -> bytes:
    """h of a record; 32 bytes stand before and 40 after the writer, so nothing is ambiguous."""
    return sha256(previous + writer + seq.to_bytes(8) + digest).digest()


def pack(writer: bytes, seq: int, previous: bytes, content: Content) -> tuple[bytes, bytes]:
    """Header with salt, to be followed by the payload, and h."""
    kind, payload, key, micros, salt = content
    code, length = CODES[kind], len(payload)
    digest = sha256(salt + payload).digest()
    h = link(previous, writer, seq, payload_digest(code, length, micros, key, digest))
    fields = (MAGIC, VERSION, 0, code, 0, length, 0, seq, micros, key, digest, previous, h)
    return _CHAINED.pack(*fields) + salt, h


def unpack(raw: bytes) -> Header:
    """The header at the start of `raw`, unchecked."""
    return Header._make(_CHAINED.unpack_from(raw))


def erased(header: Header) -> bytes:
    """The whole record as it is to read once its payload is gone."""
    return _CHAINED.pack(*header._replace(flags=ERASED)) + bytes(SALT_BYTES + header.length)


def header_problem(header: Header, writer: bytes) -> str:
    """Why this header was never written by this writer; empty when it was."""
    if header.magic != MAGIC:
        return "no record begins where one should"
    if header.version != VERSION or header.zero or header.zeros:
        return "its header is altered, or of a later version"
    if header.flags not in (0, ERASED) or not 1 <= header.kind <= len(KINDS):
        return "its header is altered, or of a later version"
    if link(header.previous, writer, header.seq, header.payload_digest) != header.h:
        return "its hash does not fit its header"
    return ""


def body_problem(header: Header, body: bytes) -> str:
    """Why these bytes (salt and payload) are not the header's; empty when they are."""
    if header.is_erased:
        return "it is marked as erased, but holds a payload" if any(body) else ""
    return "" if sha256(body).digest() == header.content else "its payload is altered"
