"""The bytes of one version of a catalogue, and what tells it from another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from service.errors import CatalogueInvalid

OFFERS, POLICY, TREATMENTS = "offers.yaml", "policy.yaml", "treatments.yaml"
FILES = (OFFERS, POLICY, TREATMENTS)


@dataclass(frozen=True)
class CatalogueSource:
    """The three files' contents by name."""

    contents: Mapping[str, bytes]

    @classmethod
    def read(cls, folder: Path) -> CatalogueSource:
        """What lies in the folder; `CatalogueInvalid` names each file that cannot be read."""
        contents, complaints = {}, []
        for name in FILES:
            try:
                contents[name] = (folder / name).read_bytes()
            except OSError as error:
                complaints.append(f"{folder / name} cannot be read ({error.strerror}): create it")
        if complaints:
            raise CatalogueInvalid("\n".join(complaints))
        return cls(contents)

    @property
    def version(self) -> str:
        """Of the offers and their words."""
        return _digest(self.contents[OFFERS], self.contents[TREATMENTS])

    @property
    def policy_version(self) -> str:
        """Of the policy."""
        return _digest(self.contents[POLICY])


def _digest(*contents: bytes) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]
