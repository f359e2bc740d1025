"""The desk of a real service: its use cases on the bank's own stores, files and keys."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from service.adapters.catalogue_archive import CatalogueArchive
from service.adapters.customer_decoder import CustomerDecoder
from service.adapters.event_log import EventBook
from service.adapters.event_log.verification import verify
from service.adapters.jwks_url import JwksUrl
from service.adapters.jwt_key_file import JwtKeyFile
from service.adapters.jwt_verifier import JwtVerifier
from service.adapters.kill_switch_file import KillSwitchFile
from service.adapters.past_editions import PastEditionFiles
from service.adapters.redis_contact_store import RedisContactStore
from service.adapters.redis_customer_store import RedisCustomerStore
from service.adapters.tracking_key import tracking_key
from service.api.authentication import Access
from service.api.desk import Desk
from service.api.readiness import Readiness
from service.api.tracking_tokens import TrackingTokens
from service.bootstrap.composing import Front, Outside, UseCases
from service.bootstrap.place import Place
from service.domain.catalogue import Catalogue
from service.domain.kill_switches import KillState
from service.errors import CatalogueInvalid, RecordDamaged
from service.ports import OpenedRelease, RecordKind, kind_key
from service.telemetry.decision_log import DecisionLog
from service.telemetry.decision_metrics import DecisionMetrics
from service.telemetry.kept_going import kept_going
from service.telemetry.outcome_metrics import OutcomeMetrics
from service.use_cases.edition import Edition, compose_edition
from service.use_cases.make_decision import Surroundings
from service.use_cases.stops_on_record import stops_on_record
from service.use_cases.version_records import CatalogueRecord, version_told


async def furnish(
    stack: AsyncExitStack, place: Place, opened: OpenedRelease, decision_log: DecisionLog
) -> Desk:
    """The desk with all its use cases; what is stopped is known before the first decision."""
    switches = KillSwitchFile(place.home.root / "policy")
    await asyncio.to_thread(switches.ensure, partial(_stops_on_record, place))
    use_cases = UseCases(_outside(place, switches), _first_edition(place, opened))
    await use_cases.follow_kills.start()
    access = await _access(stack, place)
    return use_cases.desk(_front(place, access, decision_log))


def _first_edition(place: Place, opened: OpenedRelease) -> Edition:
    """Today's catalogue with the promoted bundle."""
    catalogue = _first_catalogue(place)
    return compose_edition(catalogue, opened.release, place.vocabulary, opened.degraded_reasons)


def _first_catalogue(place: Place) -> Catalogue:
    """What lies there; where that is refused and others may be serving, what they decide with."""
    try:
        return place.catalogues.open()
    except CatalogueInvalid as refused:
        if not place.crew.is_replacement:
            raise  # whoever starts the service is there to read it
        in_use = _adopted_last(place)
        if in_use is None:
            raise refused from None
        return in_use


def _adopted_last(place: Place) -> Catalogue | None:
    """The kept catalogue that the log names last; None where it cannot be had any more."""
    try:
        record = place.event_log.find(kind_key(RecordKind.CATALOGUE))
        told = version_told(record) if record else None
        if not isinstance(told, CatalogueRecord):
            return None
        return place.catalogues.reopen(told.catalogue, told.policy)
    except (CatalogueInvalid, RecordDamaged, OSError):
        return None


def _stops_on_record(place: Place) -> KillState:
    """Reads the whole log twice, which takes a while: only where the file of the switches is
    missing. A log with a gap may lack a stop.
    """
    folder = place.home.root / "log"
    for bad in verify(folder, place.anchors, lambda *_: None).damaged:
        raise RecordDamaged(bad.writer, bad.bad_seq or 0, bad.problem)
    return stops_on_record(EventBook(folder).records(kind=RecordKind.KILL_SWITCH))


def _outside(place: Place, switches: KillSwitchFile) -> Outside:
    """The log, the switches and the models of this home."""
    archive = CatalogueArchive(place.home)
    return Outside(
        around=_surroundings(place),
        past_editions=PastEditionFiles(archive, place.releases, place.vocabulary),
        decoder=CustomerDecoder(place.identity.bank, place.vocabulary),
        switches=switches,
        models=place.releases,
        outcome_observer=OutcomeMetrics(place.metrics),
        within_seconds=place.deadline_seconds,
    )


def _surroundings(place: Place) -> Surroundings:
    """What a decision reads and writes: the bank's keys in Redis, and the log."""
    bank, metrics, log = place.identity.bank, place.metrics, place.log
    customers = RedisCustomerStore(
        place.wire, bank=bank, product_vocabulary=place.vocabulary, metrics=metrics, log=log
    )
    contacts = RedisContactStore(place.wire, bank=bank, metrics=metrics, log=log)
    return Surroundings(customers, contacts, place.event_log, place.clock, DecisionMetrics(metrics))


def _front(place: Place, access: Access, decision_log: DecisionLog) -> Front:
    """Who may come in, with this home's key for tracking tokens; nothing is ready yet."""
    return Front(
        access=access,
        tokens=TrackingTokens(tracking_key(place.home.keys)),
        readiness=Readiness(),
        metrics=place.metrics,
        log=place.log,
        decision_log=decision_log,
        farewell_seconds=place.settings.drain_seconds,
    )


async def _access(stack: AsyncExitStack, place: Place) -> Access:
    """Who may come in; the keys of tokens are fetched first and kept fresh."""
    settings = place.settings
    if not settings.authenticates:
        return Access.of(settings, None)
    keys = JwksUrl(settings.jwks_url) if settings.jwks_url else JwtKeyFile(Path(settings.jwt_keys))
    await keys.open()
    await stack.enter_async_context(kept_going("jwt_keys", keys.run, place.metrics, place.log))
    verifier = JwtVerifier(keys, audience=settings.jwt_audience, issuer=settings.jwt_issuer)
    return Access.of(settings, verifier)
