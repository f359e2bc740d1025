"""Log records as plain values: what they say, and what proves their place in the chain."""

from __future__ import annotations

import math
from base64 import b64encode
from typing import Any

import msgspec

from service.adapters.event_log import StoredRecord
from service.domain.ulid import ulid_text
from service.ports.event_log import kind_key
from service.use_cases.payload import unpack

HOW_TO_CHECK = {
    "content_digest": "SHA-256(salt, payload)",
    "payload_digest": (
        "SHA-256('NBOR', version u8 = 1, kind code u8, payload length u32, microseconds since 1970"
        " u64, key, content_digest); numbers big-endian"
    ),
    "h": "SHA-256(previous_h, writer, seq u64, payload_digest)",
}


def record_document(record: StoredRecord) -> dict[str, Any]:
    """What the log has of a record, payload decoded where it can be."""
    return {
        "kind": record.kind,
        "written_at": record.written_at,
        "erased": record.payload is None,
        "payload": decoded(record.payload),
        "payload_bytes": None if record.payload is None else b64encode(record.payload).decode(),
        "proof": proof(record),
    }


def proof(record: StoredRecord) -> dict[str, Any]:
    """The record's place in its writer's chain; hexadecimal."""
    return {
        "writer": record.writer,
        "seq": record.seq,
        "key": record.key.hex(),
        "salt": None if record.payload is None else record.salt.hex(),
        "content_digest": record.content_digest.hex(),
        "payload_digest": record.payload_digest.hex(),
        "previous_h": record.previous_h.hex(),
        "h": record.h.hex(),
        "problem": record.problem or None,
    }


def decoded(payload: bytes | None) -> object:
    """MessagePack or JSON as plain values, byte strings as base64; None for anything else."""
    if payload is None:
        return None
    try:
        payload = unpack(payload)
    except ValueError:
        return None
    for decode in (msgspec.json.decode, msgspec.msgpack.decode):
        try:
            return plain(decode(payload))
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return None


def plain(value: object) -> object:
    """The same with nothing in it that JSON does not have."""
    match value:
        case dict():
            return {_name(key): plain(held) for key, held in value.items()}
        case list() | tuple():
            return [plain(held) for held in value]
        case bytes():
            return b64encode(value).decode()
        case float() if not math.isfinite(value):
            return None
        case msgspec.msgpack.Ext():
            return {"ext": value.code, "bytes": b64encode(bytes(value.data)).decode()}
        case _:
            return value


def key_text(record: StoredRecord) -> str:
    """The decision's id, empty where a record has no key of its own; others are hexadecimal."""
    if not any(record.key) or record.key == kind_key(record.kind):
        return ""
    return ulid_text(record.key) if record.kind == "decision" else record.key.hex()


def _name(key: object) -> str:
    return key if isinstance(key, str) else str(plain(key))
