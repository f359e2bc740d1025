"""The only file that names concrete classes: one lifecycle from settings to a warm desk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from model_registry.home import BankIdentity, Home
from service.adapters.catalogue_files import CatalogueFiles
from service.adapters.clock import BusinessClock, WallClock
from service.adapters.model_releases import ModelReleases, OpenedRelease
from service.adapters.redis_customer_store import RedisCustomerStore, open_redis
from service.adapters.tracking_key import tracking_key
from service.api.desk import Desk
from service.api.readiness import Readiness
from service.api.tracking_tokens import TrackingTokens
from service.domain.catalogue import Catalogue
from service.domain.situation import Ask, Placement
from service.errors import SettingsInvalid
from service.ports import Clock
from service.settings import Settings
from service.sinks import SINKS
from service.telemetry.decision_metrics import DecisionMetrics
from service.telemetry.logging import Log
from service.telemetry.metrics import Metrics
from service.use_cases.edition import compose_edition
from service.use_cases.make_decision import DecisionCommand, MakeDecision

SHIPPED_CATALOGUES = Path(__file__).parents[1] / "catalogue"
WARM_UP_CUSTOMER = "warm-up"


@asynccontextmanager
async def open_desk(settings: Settings, metrics: Metrics, log: Log) -> AsyncIterator[Desk]:
    """Everything the handlers need, warmed up; closed again on exit.

    Raises `SettingsInvalid`, `HomeInvalid` or `CatalogueInvalid` before any request is served.
    A bundle that cannot be used raises nothing: the service answers on a lower rung, not ready.
    """
    home = Home(settings.home)
    identity = _bank(home, settings)
    vocabulary = tuple(identity.product_vocabulary)
    catalogue = open_catalogue(settings, identity)
    releases = ModelReleases(home, identity)
    opened = releases.open_champion()
    async with AsyncExitStack() as stack:
        redis = open_redis(_redis_url(settings))
        stack.push_async_callback(redis.aclose)
        observer = DecisionMetrics(metrics)
        make_decision = MakeDecision(
            store=RedisCustomerStore(
                redis,
                bank=identity.bank,
                product_vocabulary=vocabulary,
                metrics=metrics,
                log=log,
            ),
            clock=open_clock(settings, identity),
            observer=observer,
            sinks=tuple(sink(observer) for sink in SINKS),
            edition=compose_edition(catalogue, opened.release, vocabulary, opened.degraded_reasons),
        )
        desk = Desk(
            make_decision=make_decision,
            models=releases,
            tokens=TrackingTokens(tracking_key(home.keys)),
            clock=open_clock(settings, identity),
            readiness=Readiness(),
            metrics=metrics,
            log=log,
        )
        await warm_up(desk, opened)
        yield desk


async def warm_up(desk: Desk, opened: OpenedRelease) -> None:
    """Report every readiness check, the last one by deciding once for nobody."""
    catalogue = desk.make_decision.edition.catalogue
    detail = f"catalogue {catalogue.version}, policy {catalogue.policy.version}"
    desk.readiness.report("catalogue", passed=True, detail=detail)
    desk.readiness.report("model", passed=not opened.is_refused, detail=opened.detail)
    result = await desk.make_decision(_warm_up_command(catalogue))
    failed = [reason for reason in result.decision.degraded_reasons if "_failed:" in reason]
    detail = ", ".join(failed) or "decided once"
    desk.readiness.report("warm_up", passed=not failed, detail=detail)
    report = desk.log.info if desk.readiness.is_ready else desk.log.error
    report("started", checks={check.name: check.detail for check in desk.readiness.checks})


def open_catalogue(settings: Settings, identity: BankIdentity) -> Catalogue:
    """The catalogue the settings name, checked against the bank's products and currency."""
    folder = Path(settings.catalogue) if settings.catalogue else SHIPPED_CATALOGUES / identity.bank
    return CatalogueFiles(
        folder,
        bank=identity.bank,
        product_vocabulary=tuple(identity.product_vocabulary),
        currency=identity.currency,
    ).load()


def open_clock(settings: Settings, identity: BankIdentity) -> Clock:
    """Business time where the data end, unless the wall clock is asked for."""
    return WallClock() if settings.clock == "wall" else BusinessClock(identity.clock_offset)


def _bank(home: Home, settings: Settings) -> BankIdentity:
    identity = home.bank()
    settings.require_bank(identity.bank)
    return identity


def _redis_url(settings: Settings) -> str:
    if not settings.redis_url:
        raise SettingsInvalid(
            "NBO_REDIS_URL is empty: start with `nbo serve`, which brings its own Redis,"
            " or set it to redis://host:port/0"
        )
    return settings.redis_url


def _warm_up_command(catalogue: Catalogue) -> DecisionCommand:
    channel, policy = next(iter(catalogue.policy.channels.items()))
    places = tuple(Placement(name, limit) for name, limit in policy.placements.items())
    locale = next((locale for _, locale, _ in catalogue.treatments), "en")
    return DecisionCommand(WARM_UP_CUSTOMER, Ask(channel, places, locale), is_dry_run=True)
