"""Puts on record which catalogue and which model this worker decides with, before it does."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone

import msgspec
from msgspec.structs import replace

from feature_repo.contract import contract_digest
from service.domain.catalogue import Catalogue
from service.errors import LogUnavailable, RecordDamaged
from service.ports import Clock, EventLog, OpenedRelease, RecordKind, kind_key
from service.use_cases.version_records import (
    CatalogueRecord,
    ModelRecord,
    VersionRecord,
    Why,
    kind_of,
    names_the_same,
    version_told,
)

RETRY_SECONDS = 0.25
_NOT_YET = datetime(1970, 1, 1, tzinfo=timezone.utc)


class RecordVersions:
    """One worker's account of what it decides with.

    What a worker starts with is recorded unless the newest record of any worker names it; what it
    takes over while serving always is. `_owed` are the kinds of which the log may say something
    else than what is in use: after a start, or a change, that could not be recorded.
    """

    def __init__(self, log: EventLog, clock: Clock, *, bank: str) -> None:
        self._log, self._clock, self._bank = log, clock, bank
        self._in_use: dict[RecordKind, VersionRecord] = {}
        self._owed: set[RecordKind] = set()
        self._turn = asyncio.Lock()

    async def start(self, catalogue: Catalogue, opened: OpenedRelease) -> None:
        """On disk when it returns. Raises `LogUnavailable`; `run` makes up for that."""
        started = (self._catalogue(catalogue, Why.STARTED), self._model(opened, Why.STARTED))
        self._in_use = {kind_of(version): version for version in started}
        self._owed = set(self._in_use)
        await self.catch_up()

    async def change_catalogue(self, catalogue: Catalogue) -> None:
        """To be called before it is used. Raises `LogUnavailable`: do not use it then."""
        try:
            await self._change(self._catalogue(catalogue, Why.CHANGED))
        except LogUnavailable as error:
            raise LogUnavailable(
                f"catalogue {catalogue.version}, policy {catalogue.policy.version}: not used before"
                f" it is on record: {error}"
            ) from None

    async def change_model(self, opened: OpenedRelease) -> None:
        """To be called before it is used. Raises `LogUnavailable`: do not use it then."""
        try:
            await self._change(self._model(opened, Why.CHANGED))
        except LogUnavailable as error:
            raise LogUnavailable(
                f"{opened.detail}: not used before it is on record: {error}"
            ) from None

    async def run(self) -> None:
        """Record what is owed as soon as the log takes it, until cancelled."""
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            try:
                await self.catch_up()
            except LogUnavailable:
                continue  # the log counts its failures itself

    async def catch_up(self) -> None:
        """Record what is in use and owed. Raises `LogUnavailable`."""
        async with self._turn:
            for kind in sorted(self._owed):
                if not await asyncio.to_thread(self._is_newest, self._in_use[kind]):
                    self._append(self._in_use[kind])
            if self._owed:
                await self._log.settle()
            for kind in self._owed:
                self._stands(self._in_use[kind])
            self._owed.clear()

    async def _change(self, version: VersionRecord) -> None:
        async with self._turn:
            self._owed.add(kind_of(version))
            self._append(version)
            await self._log.settle()
            self._stands(version)
            self._owed.discard(kind_of(version))

    def _append(self, version: VersionRecord) -> None:
        payload = msgspec.json.encode(replace(version, at=self._clock.now()))
        kind = kind_of(version)
        self._log.append(kind, payload, key=kind_key(kind))

    def _stands(self, version: VersionRecord) -> None:
        """If it must ever be recorded again, then because something else was and is not used."""
        self._in_use[kind_of(version)] = replace(version, why=Why.KEPT)

    def _is_newest(self, version: VersionRecord) -> bool:
        """Whether the log's newest record of this kind, of any worker, names it; that there was
        never a model needs no record.
        """
        try:
            record = self._log.find(kind_key(kind_of(version)))
        except (RecordDamaged, OSError):
            return False
        if record is None:
            return isinstance(version, ModelRecord) and version.model is None
        told = version_told(record)
        return told is not None and names_the_same(told, version)

    def _catalogue(self, catalogue: Catalogue, why: Why) -> CatalogueRecord:
        return CatalogueRecord(
            self._bank, catalogue.version, catalogue.policy.version, why, _NOT_YET
        )

    def _model(self, opened: OpenedRelease, why: Why) -> ModelRecord:
        model = opened.release.bundle_id if opened.release else None
        return ModelRecord(self._bank, model, contract_digest(), opened.ranker, why, _NOT_YET)
