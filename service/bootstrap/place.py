"""Where a service lives: settings become a bank, its stores and its catalogue."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from model_registry.home import BankIdentity, Home
from service.adapters.catalogue_archive import CatalogueArchive
from service.adapters.catalogue_files import CatalogueFiles
from service.adapters.catalogue_folder import CatalogueFolder
from service.adapters.clock import BusinessClock, WallClock
from service.adapters.event_log import FileEventLog
from service.adapters.model_releases import ModelReleases
from service.adapters.redis_address import FixedAddress, SentinelAddress, redis_address
from service.adapters.redis_wire import RedisWire
from service.adapters.shipped_catalogues import catalogue_folder
from service.domain.catalogue import Catalogue
from service.errors import SettingsInvalid
from service.ports import Clock
from service.settings import Crew, Settings
from service.telemetry.log_metrics import LogMetrics
from service.telemetry.logging import Log
from service.telemetry.metrics import Metrics


@dataclass(frozen=True)
class Place:
    """Where a service lives: its bank, its stores, what it measures with."""

    home: Home
    settings: Settings
    identity: BankIdentity
    wire: RedisWire
    event_log: FileEventLog
    catalogues: CatalogueFolder
    releases: ModelReleases
    metrics: Metrics
    log: Log
    crew: Crew

    @property
    def anchors(self) -> Path:
        """Where the log's anchors lie; another volume, if the bank says so."""
        return _anchors(self.home, self.settings)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The bank's products in the order of the online lists."""
        return tuple(self.identity.product_vocabulary)

    @property
    def deadline_seconds(self) -> float:
        """How long a decision waits for Redis."""
        return self.settings.state_deadline_ms / 1000

    @property
    def clock(self) -> Clock:
        """The clock decisions are made by."""
        return open_clock(self.settings, self.identity)


async def open_place(
    stack: AsyncExitStack,
    home: Home,
    settings: Settings,
    metrics: Metrics,
    log: Log,
    *,
    crew: Crew,
) -> Place:
    identity = _bank(home, settings)
    wire = RedisWire(_redis_address(settings))
    stack.push_async_callback(wire.aclose)
    watch = LogMetrics(metrics, log)
    event_log = FileEventLog(home.root / "log", _anchors(home, settings), watch=watch)
    await event_log.open()
    stack.push_async_callback(event_log.close)
    return Place(
        home=home,
        settings=settings,
        identity=identity,
        wire=wire,
        event_log=event_log,
        catalogues=CatalogueFolder(
            catalogue_folder(settings.catalogue, bank=identity.bank),
            _files(settings, identity),
            CatalogueArchive(home),
        ),
        releases=ModelReleases(
            home,
            identity,
            prefers_compiled=settings.ranker == "auto",
            tries_first=settings.trial_load,
        ),
        metrics=metrics,
        log=log,
        crew=crew,
    )


def open_catalogue(settings: Settings, identity: BankIdentity) -> Catalogue:
    """The catalogue the settings name, checked against the bank's products and currency."""
    return _files(settings, identity).load()


def open_clock(settings: Settings, identity: BankIdentity) -> Clock:
    """Business time where the data end, unless the wall clock is asked for."""
    return WallClock() if settings.clock == "wall" else BusinessClock(identity.clock_offset)


def _files(settings: Settings, identity: BankIdentity) -> CatalogueFiles:
    return CatalogueFiles(
        catalogue_folder(settings.catalogue, bank=identity.bank),
        bank=identity.bank,
        product_vocabulary=tuple(identity.product_vocabulary),
        currency=identity.currency,
    )


def _anchors(home: Home, settings: Settings) -> Path:
    return Path(settings.anchors) if settings.anchors else home.root / "anchors"


def _bank(home: Home, settings: Settings) -> BankIdentity:
    identity = home.bank()
    settings.require_bank(identity.bank)
    return identity


def _redis_address(settings: Settings) -> FixedAddress | SentinelAddress:
    if not settings.redis_url:
        raise SettingsInvalid(
            "NBO_REDIS_URL is empty: start with `nbo serve`, which brings its own Redis,"
            " or set it to redis://host:port/0"
        )
    try:
        return redis_address(settings.redis_url)
    except ValueError as error:
        raise SettingsInvalid(
            f"NBO_REDIS_URL is no address of a Redis server ({type(error).__name__}): use"
            " redis://host:port/0 or redis+sentinel://host:port,host:port/master/0"
        ) from None
