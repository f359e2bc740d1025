"""The first decision, made for nobody, and what the readiness checks say."""

from __future__ import annotations

import os

from service.api.desk import Desk
from service.bootstrap.following import (
    catalogue_detail,
    show_model,
)
from service.domain.catalogue import Catalogue
from service.domain.situation import Ask, Placement
from service.ports import OpenedRelease
from service.use_cases.decision_command import DecisionCommand

WARM_UP_CUSTOMER = "warm-up"


async def warm_up(desk: Desk, opened: OpenedRelease, *, workers: int = 1) -> None:
    """Report every readiness check, the last one by deciding once for nobody; then this is one of
    so many workers.
    """
    edition = desk.make_decision.edition
    desk.readiness.report("catalogue", passed=True, detail=catalogue_detail(edition))
    desk.readiness.report("model", passed=not opened.is_refused, detail=opened.detail)
    show_model(desk, opened, in_use=True)
    answered = await desk.make_decision(_warm_up_command(edition.catalogue), lambda *_: b"")
    assert answered.result is not None
    reasons = answered.result.decision.degraded_reasons
    failed = [reason for reason in reasons if "_failed:" in reason]
    detail = ", ".join(failed) or "decided once"
    desk.readiness.report("warm_up", passed=not failed, detail=detail)
    desk.metrics.worker_starts.inc()
    desk.metrics.workers.set(1)
    desk.metrics.workers_wanted.set(workers)
    report = desk.log.info if desk.readiness.is_ready else desk.log.error
    checks = {check.name: check.detail for check in desk.readiness.checks}
    report("started", pid=os.getpid(), checks=checks)


def _warm_up_command(catalogue: Catalogue) -> DecisionCommand:
    channel, policy = next(iter(catalogue.policy.channels.items()))
    places = tuple(Placement(name, limit) for name, limit in policy.placements.items())
    ask = Ask(channel, places, catalogue.fallback_locale)
    return DecisionCommand(WARM_UP_CUSTOMER, ask, is_dry_run=True)
