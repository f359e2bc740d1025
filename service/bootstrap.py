"""The only file that names concrete classes: one lifecycle from settings to a warm desk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from model_registry.home import BankIdentity, Home
from service.adapters.catalogue_files import CatalogueFiles
from service.adapters.clock import BusinessClock, WallClock
from service.adapters.model_releases import ModelReleases
from service.adapters.redis_address import FixedAddress, SentinelAddress, redis_address
from service.adapters.redis_customer_store import RedisCustomerStore
from service.adapters.redis_wire import RedisWire
from service.adapters.store_policy import StorePolicy
from service.adapters.tracking_key import tracking_key
from service.api.desk import Desk
from service.api.readiness import Readiness
from service.api.tracking_tokens import TrackingTokens
from service.domain.catalogue import Catalogue
from service.domain.situation import Ask, Placement
from service.errors import SettingsInvalid
from service.ports import Clock, OpenedRelease
from service.settings import Settings
from service.sinks import SINKS
from service.telemetry.decision_log import DecisionLog
from service.telemetry.decision_metrics import DecisionMetrics
from service.telemetry.kept_going import kept_going
from service.telemetry.line_writer import LineStream
from service.telemetry.logging import Log
from service.telemetry.loop_watch import LoopWatch
from service.telemetry.metrics import Metrics
from service.use_cases.edition import Edition, compose_edition
from service.use_cases.follow_promotions import FollowPromotions
from service.use_cases.make_decision import DecisionCommand, MakeDecision
from service.use_cases.watch_store_policy import WatchStorePolicy

SHIPPED_CATALOGUES = Path(__file__).parents[1] / "catalogue"
WARM_UP_CUSTOMER = "warm-up"


@asynccontextmanager
async def open_desk(
    settings: Settings, metrics: Metrics, log: Log, lines: LineStream
) -> AsyncIterator[Desk]:
    """Everything the handlers need, warmed up; closed again on exit.

    Raises `SettingsInvalid`, `HomeInvalid` or `CatalogueInvalid` before any request is served.
    A bundle that cannot be used raises nothing: the service answers on a lower rung, not ready.
    """
    home = Home(settings.home)
    identity = _bank(home, settings)
    catalogue = open_catalogue(settings, identity)
    releases = ModelReleases(
        home,
        identity,
        prefers_compiled=settings.ranker == "auto",
        tries_first=settings.trial_load,
    )
    async with AsyncExitStack() as stack:
        wire = RedisWire(_redis_address(settings))
        stack.push_async_callback(wire.aclose)
        opened = await asyncio.to_thread(releases.open_champion)
        vocabulary = tuple(identity.product_vocabulary)
        edition = compose_edition(catalogue, opened.release, vocabulary, opened.degraded_reasons)
        observer = DecisionMetrics(metrics)
        desk = Desk(
            make_decision=MakeDecision(
                store=RedisCustomerStore(
                    wire,
                    bank=identity.bank,
                    product_vocabulary=vocabulary,
                    metrics=metrics,
                    log=log,
                ),
                clock=open_clock(settings, identity),
                observer=observer,
                sinks=tuple(sink(observer) for sink in SINKS),
                edition=edition,
                state_deadline_seconds=settings.state_deadline_ms / 1000,
            ),
            models=releases,
            tokens=TrackingTokens(tracking_key(home.keys)),
            clock=open_clock(settings, identity),
            readiness=Readiness(),
            metrics=metrics,
            log=log,
            decision_log=DecisionLog(lines, level=settings.log_level),
            farewell_seconds=settings.drain_seconds,
        )
        verdict = partial(desk.readiness.report, "store_policy")
        store_policy = WatchStorePolicy(StorePolicy(wire), verdict)
        await store_policy.start()
        await warm_up(desk, opened)
        background = {
            "store_policy": store_policy.run,
            "promotions": follow_promotions(desk, releases, opened).run,
            "loop_watch": LoopWatch(metrics, log).run,
        }
        for name, work in background.items():
            await stack.enter_async_context(kept_going(name, work, metrics, log))
        yield desk


async def warm_up(desk: Desk, opened: OpenedRelease) -> None:
    """Report every readiness check, the last one by deciding once for nobody."""
    catalogue = desk.make_decision.edition.catalogue
    detail = f"catalogue {catalogue.version}, policy {catalogue.policy.version}"
    desk.readiness.report("catalogue", passed=True, detail=detail)
    desk.readiness.report("model", passed=not opened.is_refused, detail=opened.detail)
    _show_model(desk, opened, in_use=True)
    result = await desk.make_decision(_warm_up_command(catalogue))
    failed = [reason for reason in result.decision.degraded_reasons if "_failed:" in reason]
    detail = ", ".join(failed) or "decided once"
    desk.readiness.report("warm_up", passed=not failed, detail=detail)
    desk.metrics.worker_starts.inc()
    report = desk.log.info if desk.readiness.is_ready else desk.log.error
    report("started", checks={check.name: check.detail for check in desk.readiness.checks})


def follow_promotions(
    desk: Desk, releases: ModelReleases, opened: OpenedRelease
) -> FollowPromotions:
    """Swaps the edition of this desk when another bundle is promoted, and says so."""
    make_decision = desk.make_decision
    in_use = [opened]

    def adopt(edition: Edition, opened: OpenedRelease) -> None:
        make_decision.edition = edition
        _show_model(desk, in_use.pop(), in_use=False)
        _show_model(desk, opened, in_use=True)
        in_use.append(opened)
        desk.readiness.report("model", passed=True, detail=opened.detail)
        desk.metrics.model_swaps["adopted",].inc()
        desk.log.info("model_adopted", detail=opened.detail)

    def refuse(opened: OpenedRelease) -> None:
        desk.metrics.model_swaps["refused",].inc()
        desk.log.error("model_refused", detail=opened.detail)

    return FollowPromotions(
        releases, edition=lambda: make_decision.edition, adopt=adopt, refuse=refuse
    )


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


def _show_model(desk: Desk, opened: OpenedRelease, *, in_use: bool) -> None:
    if opened.release is not None:
        desk.metrics.model_info[opened.release.bundle_id, opened.ranker].set(float(in_use))


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


def _warm_up_command(catalogue: Catalogue) -> DecisionCommand:
    channel, policy = next(iter(catalogue.policy.channels.items()))
    places = tuple(Placement(name, limit) for name, limit in policy.placements.items())
    ask = Ask(channel, places, catalogue.fallback_locale)
    return DecisionCommand(WARM_UP_CUSTOMER, ask, is_dry_run=True)
