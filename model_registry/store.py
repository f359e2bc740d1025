"""The bundles of one home: written once, verified before every use, one of them the champion."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path

import msgspec

from model_registry.durable_files import flush_directory, replace_durably, write_durably
from model_registry.errors import BundleNotFound, BundleRefused
from model_registry.failpoints import reach
from model_registry.file_lock import exclusive
from model_registry.home import Home
from model_registry.manifest import (
    MANIFEST_FILE,
    SIGNATURE_FILE,
    BundleDraft,
    BundleManifest,
    VerifiedBundle,
    decode_manifest,
)
from model_registry.signing import SigningKeys

_BUNDLE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}")
_OWN_FILES = {MANIFEST_FILE, SIGNATURE_FILE}


class Champion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The promoted bundle and those promoted before it, newest last."""

    bundle_id: str
    history: list[str] = []


class ModelStore:
    """Bundles below `models/`; everything it hands out was verified in the same call."""

    def __init__(self, home: Home) -> None:
        self._directory = home.models
        self._champion_file = home.models / "champion.json"
        self._lock_file = home.models / ".lock"
        self._keys = SigningKeys(home.keys)

    def write(self, draft: BundleDraft) -> str:
        """Sign and store the draft; returns its id: the second it was created, then its content.

        `BundleRefused`, and nothing is signed, when the manifest could not be read again.
        """
        manifest = _completed(draft)
        target = self._directory / manifest.bundle_id
        raw = _readable(manifest)
        content = draft.files | {MANIFEST_FILE: raw, SIGNATURE_FILE: self._keys.sign(raw)}
        temporary = self._directory / f".{manifest.bundle_id}.{os.getpid()}"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        for name, data in content.items():
            write_durably(temporary / name, data)
            reach("bundle.mid_files")
        flush_directory(temporary)
        reach("bundle.before_rename")
        with exclusive(self._lock_file):
            if target.exists():
                shutil.rmtree(temporary)
                self.verify(manifest.bundle_id)
            else:
                temporary.rename(target)
                reach("bundle.after_rename")
                flush_directory(self._directory)
        return manifest.bundle_id

    def list(self) -> list[str]:
        """Ids of the bundles present, oldest first; presence says nothing about validity."""
        if not self._directory.is_dir():
            return []
        names = (path.name for path in self._directory.iterdir() if path.is_dir())
        return sorted(name for name in names if _BUNDLE_ID.fullmatch(name))

    def newest(self) -> str:
        """The id of the bundle written last; `BundleNotFound` when there is none."""
        bundles = self.list()
        if not bundles:
            raise BundleNotFound(f"no bundle in {self._directory}: run `nbo train` first")
        return bundles[-1]

    def manifest(self, bundle_id: str) -> BundleManifest:
        """The bundle's manifest, its signature checked but its other files not read."""
        directory = self._bundle(bundle_id)
        raw = _read(directory, MANIFEST_FILE)
        self._keys.check(raw, _read(directory, SIGNATURE_FILE), bundle_id)
        manifest = decode_manifest(raw, bundle_id)
        if manifest.bundle_id != bundle_id:
            raise BundleRefused(
                f"bundle {bundle_id}: {MANIFEST_FILE} belongs to bundle {manifest.bundle_id}: "
                "give the folder its own name back"
            )
        return manifest

    def open(self, bundle_id: str) -> VerifiedBundle:
        """All files of the bundle, verified; `BundleRefused` names the first file that is wrong."""
        manifest = self.manifest(bundle_id)
        directory = self._bundle(bundle_id)
        present = {path.name for path in directory.iterdir()} - _OWN_FILES
        for name in sorted(present - set(manifest.files)):
            raise BundleRefused(f"bundle {bundle_id}: {name} does not belong to it: remove it")
        files = {name: _read(directory, name) for name in manifest.files}
        for name, data in files.items():
            if _digest(data) != manifest.files[name]:
                raise BundleRefused(
                    f"bundle {bundle_id}: {name} was altered or truncated: "
                    "restore or retrain the bundle"
                )
        return VerifiedBundle(manifest, files)

    def verify(self, bundle_id: str) -> None:
        """Check signature and every digest; `BundleRefused` names the file."""
        self.open(bundle_id)

    def champion(self) -> str | None:
        """The promoted bundle's id, None when none was promoted."""
        record = self._champion()
        return record.bundle_id if record else None

    def previous(self) -> str | None:
        """The bundle `rollback` would make champion, None when there is none."""
        record = self._champion()
        return record.history[-1] if record and record.history else None

    def promote(self, bundle_id: str) -> None:
        """Make the bundle champion, atomically, after verifying it."""
        self.verify(bundle_id)
        with exclusive(self._lock_file):
            record = self._champion()
            if record is None:
                self._appoint(Champion(bundle_id))
            elif record.bundle_id != bundle_id:
                self._appoint(Champion(bundle_id, [*record.history, record.bundle_id]))

    def rollback(self) -> str:
        """Make the previous champion champion again, after verifying it; returns its id."""
        with exclusive(self._lock_file):
            record = self._champion()
            if record is None or not record.history:
                raise BundleNotFound("no champion before this one: promote a bundle instead")
            previous = record.history[-1]
            self.verify(previous)
            self._appoint(Champion(previous, record.history[:-1]))
        return previous

    def _bundle(self, bundle_id: str) -> Path:
        directory = self._directory / bundle_id
        if not _BUNDLE_ID.fullmatch(bundle_id) or not directory.is_dir():
            raise BundleNotFound(f"no bundle {bundle_id!r}: `nbo models list` shows those there")
        return directory

    def _champion(self) -> Champion | None:
        try:
            return msgspec.json.decode(self._champion_file.read_bytes(), type=Champion)
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BundleRefused(
                f"{self._champion_file.name} is damaged ({error}): promote a bundle again "
                "after deleting it"
            ) from error

    def _appoint(self, record: Champion) -> None:
        reach("champion.before_replace")
        replace_durably(self._champion_file, msgspec.json.encode(record))
        reach("champion.after_replace")


def _completed(draft: BundleDraft) -> BundleManifest:
    files = {name: _digest(data) for name, data in sorted(draft.files.items())}
    content = _digest(msgspec.json.encode(files))
    stamp = draft.manifest.created_at.strftime("%Y%m%dT%H%M%S")
    return msgspec.structs.replace(draft.manifest, bundle_id=f"{stamp}-{content[:12]}", files=files)


def _readable(manifest: BundleManifest) -> bytes:
    """The manifest's bytes; JSON holds no NaN, so what was written need not be what is read."""
    raw = manifest.encode()
    try:
        again = msgspec.json.decode(raw, type=BundleManifest)
    except msgspec.DecodeError as error:
        raise _unreadable(manifest, str(error)) from None
    if again != manifest:
        raise _unreadable(manifest, "it reads differently")
    return raw


def _unreadable(manifest: BundleManifest, why: str) -> BundleRefused:
    return BundleRefused(
        f"bundle {manifest.bundle_id}: {MANIFEST_FILE} could not be read again ({why}):"
        " nothing was signed, correct what it holds"
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read(directory: Path, name: str) -> bytes:
    try:
        return (directory / name).read_bytes()
    except OSError:
        raise BundleRefused(
            f"bundle {directory.name}: {name} is missing or unreadable: "
            "restore or retrain the bundle"
        ) from None
