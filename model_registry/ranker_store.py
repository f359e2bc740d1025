"""The compiled rankers of one home: native code, so nothing unsigned leaves this store."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import msgspec

from model_registry.durable_files import flush_directory, write_durably
from model_registry.errors import RankerRefused
from model_registry.file_lock import exclusive
from model_registry.home import Home
from model_registry.manifest import MODEL_FILE, BundleManifest
from model_registry.ranker_record import (
    LIBRARY_FILE,
    RANKER_SIGNATURE_FILE,
    RECORD_FILE,
    RankerRecord,
    VerifiedRanker,
    this_platform,
)
from model_registry.signing import SigningKeys

_SIGNED_AS = b"compiled ranker\n"


class RankerStore:
    """Rankers below `rankers/<bundle_id>/`; every file is read once and verified before use."""

    def __init__(self, home: Home) -> None:
        self._directory = home.rankers
        self._lock_file = home.rankers / ".lock"
        self._keys = SigningKeys(home.keys)

    def write(self, record: RankerRecord, library: bytes) -> None:
        """Sign and store a ranker in place of the one the bundle had."""
        target = self._directory / record.bundle_id
        raw = record.encode()
        content = {
            LIBRARY_FILE: library,
            RECORD_FILE: raw,
            RANKER_SIGNATURE_FILE: self._keys.sign(_SIGNED_AS + raw),
        }
        draft = self._directory / f".{record.bundle_id}.{os.getpid()}"
        with exclusive(self._lock_file):
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            for name, data in content.items():
                write_durably(draft / name, data)
            flush_directory(draft)
            self._replace(target, draft)

    def open(self, manifest: BundleManifest) -> VerifiedRanker:
        """The verified bundle's ranker; `RankerRefused` says why it has none to be used here."""
        record, library = self._signed(manifest.bundle_id)
        if record.bundle_id != manifest.bundle_id:
            raise RankerRefused(f"{RECORD_FILE} belongs to bundle {record.bundle_id}")
        if record.model_sha256 != manifest.files.get(MODEL_FILE):
            raise RankerRefused(f"{RECORD_FILE} is about other trees than the bundle's")
        if record.platform != this_platform():
            raise RankerRefused(f"it was built for {record.platform}, this is {this_platform()}")
        return VerifiedRanker(record, library)

    def _signed(self, bundle_id: str) -> tuple[RankerRecord, bytes]:
        directory = self._directory / bundle_id
        if not directory.is_dir():
            raise RankerRefused("none was built: `nbo models promote` builds one")
        raw = _read(directory, RECORD_FILE)
        doubt = self._keys.doubt(_SIGNED_AS + raw, _read(directory, RANKER_SIGNATURE_FILE))
        if doubt is not None:
            raise RankerRefused(f"the signature of {RECORD_FILE} {doubt.value}")
        try:
            record = msgspec.json.decode(raw, type=RankerRecord)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RankerRefused(f"{RECORD_FILE} is of another format ({error})") from error
        library = _read(directory, LIBRARY_FILE)
        if hashlib.sha256(library).hexdigest() != record.library_sha256:
            raise RankerRefused(f"{LIBRARY_FILE} was altered or truncated")
        return record, library

    def _replace(self, target: Path, draft: Path) -> None:
        if target.exists():
            old = draft.with_name(f"{draft.name}.old")
            shutil.rmtree(old, ignore_errors=True)
            target.rename(old)
            draft.rename(target)
            shutil.rmtree(old)
        else:
            draft.rename(target)
        flush_directory(self._directory)


def _read(directory: Path, name: str) -> bytes:
    try:
        return (directory / name).read_bytes()
    except OSError:
        raise RankerRefused(f"{name} is missing or unreadable") from None
