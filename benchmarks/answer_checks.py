"""What makes an answer count: the status, and the marks every right answer carries."""

from __future__ import annotations

import re
from collections.abc import Callable

from benchmarks.questions import Target

Check = Callable[[bytes, bytes], str | None]
"""Status (three digits) and body to the kind of error, None for a right answer."""

_RUNG = re.compile(rb'"served_from":"([a-z_]+)"')
_REASONS = re.compile(rb'"degraded_reasons":\[([^\]]*)\]')


def check_of(target: Target) -> Check:
    """The check of one target's answers."""
    return _CHECKS[target]


def _hello(status: bytes, body: bytes) -> str | None:
    return _status(status) or (None if b"world" in body else "another body")


def _naive(status: bytes, body: bytes) -> str | None:
    return _status(status) or (None if b'"offers":[{' in body else "no offers")


def _feast(status: bytes, body: bytes) -> str | None:
    if wrong := _status(status):
        return wrong
    return None if b'"PRESENT"' in body and b'"NOT_FOUND"' not in body else "features not found"


def _least(status: bytes, body: bytes) -> str | None:
    return _status(status) or (None if b'"offers":["x' in body else "another body")


def _decisions(status: bytes, body: bytes) -> str | None:
    if wrong := _status(status):
        return wrong
    if b'"served_from":"full","degraded_reasons":[]' in body:
        is_whole = b'"offers":[{' in body and body.endswith(b"}")
        return None if is_whole else "full without offers"
    rung, reasons = _RUNG.search(body), _REASONS.search(body)
    return " ".join(
        match[1].decode().replace('"', "") if match else "?" for match in (rung, reasons)
    )


def _status(status: bytes) -> str | None:
    return None if status == b"200" else f"status {status.decode(errors='replace')}"


_CHECKS: dict[Target, Check] = {
    "hello": _hello,
    "naive": _naive,
    "least": _least,
    "feast": _feast,
    "decisions": _decisions,
}
