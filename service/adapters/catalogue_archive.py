"""Every catalogue a decision was made with, kept so that the decision can be replayed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from uuid import uuid4

from model_registry.durable_files import flush_directory, write_durably
from model_registry.home import Home
from service.adapters.catalogue_files import CatalogueFiles
from service.adapters.catalogue_source import CatalogueSource
from service.domain.catalogue import Catalogue
from service.errors import CatalogueInvalid

FOLDER = "catalogues"
_VERSION = re.compile(r"[0-9a-f]{16}")


class CatalogueArchive:
    """One folder per version and policy version; what lies there is never changed."""

    def __init__(self, home: Home) -> None:
        self._folder = home.root / FOLDER

    def keep(self, source: CatalogueSource) -> None:
        """Copy the files durably; a version that is there already is left as it is. `OSError` when
        the disk does not take it.
        """
        target = self._folder / f"{source.version}-{source.policy_version}"
        if target.is_dir():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        being_written = self._folder / f".{uuid4().hex}"
        try:
            being_written.mkdir()
            for name, content in source.contents.items():
                write_durably(being_written / name, content)
            flush_directory(being_written)
            _rename(being_written, target)
        finally:
            shutil.rmtree(being_written, ignore_errors=True)
        flush_directory(self._folder)

    def open(self, version: str, policy_version: str) -> Catalogue:
        """The kept catalogue; `CatalogueInvalid` when it is not there or was changed."""
        return CatalogueFiles(self._folder).compile(self.read(version, policy_version))

    def read(self, version: str, policy_version: str) -> CatalogueSource:
        """The bytes of the kept catalogue; `CatalogueInvalid` as `open`."""
        if not (_VERSION.fullmatch(version) and _VERSION.fullmatch(policy_version)):
            raise CatalogueInvalid(f"{version}-{policy_version} is no version of a catalogue")
        folder = self._folder / f"{version}-{policy_version}"
        if not folder.is_dir():
            raise CatalogueInvalid(
                f"{folder} is missing: restore catalogue {version} with policy {policy_version}"
            )
        source = CatalogueSource.read(folder)
        if (source.version, source.policy_version) != (version, policy_version):
            raise CatalogueInvalid(f"{folder} was changed after it was kept: restore it")
        return source


def _rename(source: Path, target: Path) -> None:
    """Another worker may have kept the same version meanwhile."""
    try:
        source.rename(target)
    except OSError:
        if not target.is_dir():
            raise
