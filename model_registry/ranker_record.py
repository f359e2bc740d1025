"""What a compiled ranker says about itself; its bytes are what is signed."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from datetime import datetime

import msgspec

RECORD_FILE = "ranker.json"
LIBRARY_FILE = "ranker.so"
RANKER_SIGNATURE_FILE = "ranker.sig"


class RankerRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which trees were compiled, by what, for which platform, and how exactly they were met.

    `largest_gap` is the largest difference of a log-odds from LightGBM's over `rows_compared` rows.
    """

    bundle_id: str
    model_sha256: str
    library_sha256: str
    source_sha256: str
    platform: str
    compiler: str
    largest_gap: float
    rows_compared: int
    built_at: datetime

    def encode(self) -> bytes:
        """The bytes that are signed and stored."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)


@dataclass(frozen=True)
class VerifiedRanker:
    """A ranker whose signature and digests were checked; load nothing but these bytes."""

    record: RankerRecord
    library: bytes


def this_platform() -> str:
    """System, processor and C library, such as `linux-x86_64-glibc`: what native code is bound to.

    An unknown C library stays empty.
    """
    return f"{sys.platform}-{platform.machine()}-{platform.libc_ver()[0]}"
