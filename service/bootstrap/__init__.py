"""The only place that names concrete classes: one lifecycle from settings to a warm desk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from model_registry.home import Home
from service.adapters.loaded_features import LoadedFeatures
from service.adapters.store_policy import StorePolicy
from service.api.desk import Desk
from service.bootstrap.following import follow_catalogue, follow_promotions
from service.bootstrap.furnishing import furnish
from service.bootstrap.place import Place, open_catalogue, open_clock, open_place
from service.bootstrap.warming import warm_up
from service.errors import LogUnavailable
from service.ports import OpenedRelease
from service.settings import Crew, Settings
from service.telemetry.decision_log import DecisionLog
from service.telemetry.kept_going import Work, kept_going
from service.telemetry.line_writer import LineStream
from service.telemetry.logging import Log
from service.telemetry.loop_watch import LoopWatch
from service.telemetry.metrics import Metrics
from service.use_cases.record_versions import RecordVersions
from service.use_cases.watch_loaded_features import WatchLoadedFeatures
from service.use_cases.watch_store_policy import WatchStorePolicy

__all__ = ["follow_promotions", "open_catalogue", "open_clock", "open_desk", "warm_up"]


@asynccontextmanager
async def open_desk(
    settings: Settings,
    metrics: Metrics,
    log: Log,
    lines: LineStream,
    *,
    records_start: bool,
    crew: Crew,
) -> AsyncIterator[Desk]:
    """Everything the handlers need, warmed up; closed again on exit.

    Raises `SettingsInvalid`, `HomeInvalid`, `CatalogueInvalid`, `LogUnavailable` or
    `DependencyUnavailable` before any request is served. A bundle that cannot be used raises
    nothing: the service answers on a lower rung, not ready.
    """
    home = Home(settings.home)
    async with AsyncExitStack() as stack:
        place = await open_place(stack, home, settings, metrics, log, crew=crew)
        opened = await asyncio.to_thread(place.releases.open_champion)
        desk = await furnish(stack, place, opened, DecisionLog(lines, level=settings.log_level))
        versions = RecordVersions(place.event_log, place.clock, bank=place.identity.bank)
        if records_start:
            await _record_start(versions, desk, opened)
        background = await _background(desk, place, opened, versions)
        await warm_up(desk, opened, workers=crew.size)
        for name, work in background.items():
            await stack.enter_async_context(kept_going(name, work, metrics, log))
        yield desk


async def _record_start(versions: RecordVersions, desk: Desk, opened: OpenedRelease) -> None:
    """What this worker starts with, on record if the log takes it; decisions need the log too."""
    try:
        await versions.start(desk.make_decision.edition.catalogue, opened)
    except LogUnavailable as error:
        desk.log.error("versions_not_recorded", detail=str(error))


async def _background(
    desk: Desk, place: Place, opened: OpenedRelease, versions: RecordVersions
) -> dict[str, Work]:
    """What goes on beside the requests, by name."""
    verdict = partial(desk.readiness.report, "store_policy")
    store_policy = WatchStorePolicy(StorePolicy(place.wire), verdict)
    await store_policy.start()
    features = WatchLoadedFeatures(
        LoadedFeatures(place.wire, place.identity.bank, place.vocabulary),
        partial(desk.readiness.report, "features"),
    )
    await features.start()
    return {
        "store_policy": store_policy.run,
        "features": features.run,
        "promotions": follow_promotions(desk, place.releases, opened, versions).run,
        "catalogue": follow_catalogue(desk, place.catalogues, versions).run,
        "versions": versions.run,
        "kill_switches": desk.follow_kills.run,
        "stops_on_record": desk.set_kill_switch.run,
        "outcomes": desk.record_outcomes.run,
        "loop_watch": LoopWatch(place.metrics, place.log).run,
    }
