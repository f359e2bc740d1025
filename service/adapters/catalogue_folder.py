"""The bank's catalogue folder, watched by its files' marks, every version taken from it kept."""

from __future__ import annotations

from pathlib import Path

from service.adapters.catalogue_archive import CatalogueArchive
from service.adapters.catalogue_files import CatalogueFiles
from service.adapters.catalogue_source import FILES, CatalogueSource
from service.domain.catalogue import Catalogue
from service.ports.catalogues import CatalogueNotKept, Signature


class CatalogueFolder:
    """A `CatalogueShelf` over a folder of three YAML files."""

    def __init__(self, folder: Path, files: CatalogueFiles, archive: CatalogueArchive) -> None:
        self._folder, self._files, self._archive = folder, files, archive

    def signature(self) -> Signature:
        """Size, times and inode of each file; None for one that is not there."""
        return tuple(_mark(self._folder / name) for name in FILES)

    def read(self) -> CatalogueSource:
        """The bytes of the three files."""
        return self._files.read()

    def take(self, source: CatalogueSource) -> Catalogue:
        """Checked first, then kept."""
        catalogue = self._files.compile(source)
        try:
            self._archive.keep(source)
        except OSError as error:
            raise CatalogueNotKept(
                f"catalogue {source.version} cannot be kept for replays ({error.strerror}):"
                " make room in NBO_HOME"
            ) from None
        return catalogue

    def open(self) -> Catalogue:
        """What lies there now."""
        return self.take(self.read())

    def reopen(self, version: str, policy_version: str) -> Catalogue:
        """One that was taken before, checked anew; `CatalogueInvalid` when it is not kept or does
        not fit the bank any more.
        """
        return self._files.compile(self._archive.read(version, policy_version))


def _mark(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
