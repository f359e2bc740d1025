"""The desk: every use case with the stores, clocks and observers it works with."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from service.adapters.catalogue_archive import CatalogueArchive
from service.adapters.customer_decoder import CustomerDecoder
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
from service.bootstrap.following import (
    stop,
)
from service.bootstrap.place import Place
from service.domain.catalogue import Catalogue
from service.ports import OpenedRelease
from service.sinks import SINKS
from service.telemetry.decision_log import DecisionLog
from service.telemetry.decision_metrics import DecisionMetrics
from service.telemetry.kept_going import kept_going
from service.telemetry.outcome_metrics import OutcomeMetrics
from service.use_cases.count_outcomes import CountOutcomes
from service.use_cases.edition import compose_edition
from service.use_cases.follow_kill_switches import FollowKillSwitches
from service.use_cases.make_decision import MakeDecision, Surroundings
from service.use_cases.record_outcomes import RecordOutcomes
from service.use_cases.replay_decision import RecordedDecisions
from service.use_cases.set_kill_switch import SetKillSwitch


async def furnish(
    stack: AsyncExitStack, place: Place, opened: OpenedRelease, decision_log: DecisionLog
) -> Desk:
    """The desk with all its use cases; what is stopped is known before the first decision."""
    settings, metrics, clock = place.settings, place.metrics, place.clock
    catalogue = place.catalogues.take(place.catalogues.read())
    vocabulary = place.vocabulary
    edition = compose_edition(catalogue, opened.release, vocabulary, opened.degraded_reasons)
    bank, log = place.identity.bank, place.log
    contacts = RedisContactStore(place.wire, bank=bank, metrics=metrics, log=log)
    observer = DecisionMetrics(metrics)
    make_decision = MakeDecision(
        Surroundings(
            RedisCustomerStore(
                place.wire, bank=bank, product_vocabulary=vocabulary, metrics=metrics, log=log
            ),
            contacts,
            place.event_log,
            clock,
            observer,
        ),
        sinks=tuple(sink(observer) for sink in SINKS),
        edition=edition,
        state_deadline_seconds=place.deadline_seconds,
    )

    def current() -> Catalogue:
        return make_decision.edition.catalogue

    kills = KillSwitchFile(place.home.root / "policy")
    following = FollowKillSwitches(kills, adopt=partial(stop, make_decision))
    await following.start()
    counting = CountOutcomes(
        contacts,
        clock,
        OutcomeMetrics(metrics),
        catalogue=current,
        within_seconds=place.deadline_seconds,
    )
    decisions = RecordedDecisions(
        place.event_log,
        PastEditionFiles(CatalogueArchive(place.home), place.releases, vocabulary),
        CustomerDecoder(bank, vocabulary),
    )
    return Desk(
        make_decision=make_decision,
        decisions=decisions,
        counting=counting,
        record_outcomes=RecordOutcomes(
            decisions,
            place.event_log,
            clock,
            counting,
            OutcomeMetrics(metrics),
            catalogue=current,
        ),
        follow_kills=following,
        set_kill_switch=SetKillSwitch(
            kills,
            place.event_log,
            clock=clock,
            catalogue=current,
            models=place.releases,
            follow=following.look,
        ),
        access=await _access(stack, place),
        models=place.releases,
        tokens=TrackingTokens(tracking_key(place.home.keys)),
        clock=clock,
        readiness=Readiness(),
        metrics=metrics,
        log=log,
        decision_log=decision_log,
        farewell_seconds=settings.drain_seconds,
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
