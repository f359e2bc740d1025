"""Decisions on record: told, explained, and made again."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from litestar import Request, get, post
from litestar.params import FromPath

from service.api.authentication import asking
from service.api.desk import desk_of
from service.api.wire import Reason, VersionsAnswer
from service.api.wire_recorded import (
    DenialAnswer,
    DifferenceAnswer,
    RecordedAgent,
    RecordedDecision,
    RecordedOffer,
    RecordedPlacement,
    RecordedVerdict,
    ReplayAnswer,
    WhyNotAnswer,
)
from service.domain.columns import Floats
from service.domain.principal import AccessScope, Principal, PrincipalKind
from service.domain.reasons import Audience
from service.domain.reasons import Reason as ToldReason
from service.errors import DecisionUnknown, RecordDamaged, RecordGone, RecordUnreadable
from service.ports import Versions
from service.use_cases.decision_records import DecisionRecord
from service.use_cases.explain_decision import reasons_of, why_not
from service.use_cases.replay_decision import DecidedAgain, differences

DECISION_PATH = "/v1/decisions/{decision_id:str}"
SEES_DECISIONS = (
    AccessScope.CUSTOMER,
    AccessScope.AGENT,
    AccessScope.ANALYST,
    AccessScope.AUDIT,
)
UNKNOWN = "no such decision is on record"


@get(DECISION_PATH)
async def recorded_decision(
    decision_id: FromPath[str], request: Request[Any, Any, Any]
) -> RecordedDecision:
    """One decision: what was offered, why, and under which versions."""
    principal = asking(request)
    principal.require(*SEES_DECISIONS)
    again = await _again(decision_id, request, principal)
    reasons = await asyncio.to_thread(reasons_of, again, _audience(principal))
    with_numbers = principal.sees_numbers
    return _told(again, reasons, with_numbers=with_numbers)


@get(DECISION_PATH + "/why-not/{offer_id:str}")
async def why_not_offer(
    decision_id: FromPath[str], offer_id: FromPath[str], request: Request[Any, Any, Any]
) -> WhyNotAnswer:
    """Why an offer was not made: every rule against it, what it saw, and when it could permit."""
    principal = asking(request)
    principal.require(AccessScope.AGENT, AccessScope.ANALYST, AccessScope.AUDIT)
    again = await _again(decision_id, request, principal)
    told = why_not(again, offer_id)
    with_numbers = principal.sees_numbers
    return WhyNotAnswer(
        decision_id=decision_id,
        offer_id=offer_id,
        as_of=again.record.inputs.as_of,
        was_offered=told.was_offered,
        first_rule=told.denials[0].code if told.denials else None,
        rules=[
            DenialAnswer(
                code=denial.code,
                tier=denial.tier,
                owner=denial.owner,
                legal_basis=denial.legal_basis,
                text=denial.text,
                seen=denial.seen,
                needed=denial.needed,
                possible_from=denial.possible_from,
            )
            for denial in told.denials
        ],
        possible_from=told.possible_from,
        outranked=told.outranked,
        priority=told.priority if with_numbers else None,
        lowest_shown_priority=told.lowest_shown_priority if with_numbers else None,
    )


@post(DECISION_PATH + "/replay", status_code=200)
async def replay_decision(
    decision_id: FromPath[str], request: Request[Any, Any, Any]
) -> ReplayAnswer:
    """Whether the recorded inputs, under the versions of then, still lead to what was decided."""
    principal = asking(request)
    principal.require(AccessScope.REPLAY)
    again = await _again(decision_id, request, principal)
    found = differences(again)
    return ReplayAnswer(
        decision_id=decision_id,
        equal=not found,
        differences=[
            DifferenceAnswer(
                what=one.what, offer_id=one.offer_id, recorded=one.recorded, decided=one.decided
            )
            for one in found
        ],
        versions=_versions(again.record.versions),
    )


async def _again(
    decision_id: str, request: Request[Any, Any, Any], principal: Principal
) -> DecidedAgain:
    """What is on record, decided again; somebody else's decision does not exist, nor one of which
    nobody can tell any more whose it was.
    """
    desk = desk_of(request)
    try:
        record = await asyncio.to_thread(desk.decisions.find, decision_id)
    except (RecordGone, RecordUnreadable, RecordDamaged):
        if principal.sees_some_only:
            raise DecisionUnknown(UNKNOWN) from None
        raise
    if not principal.may_see(record.inputs.customer_id, now=desk.clock.now()):
        raise DecisionUnknown(UNKNOWN)
    return await desk.decisions.again(record)


def _audience(principal: Principal) -> Audience:
    if principal.kind is PrincipalKind.AGENT:
        return Audience.AGENT
    if not principal.sees_numbers:
        return Audience.CUSTOMER
    return Audience.AUDITOR


def _told(
    again: DecidedAgain, reasons: dict[int, tuple[ToldReason, ...]], *, with_numbers: bool
) -> RecordedDecision:
    record, inputs, outputs = again.record, again.record.inputs, again.record.outputs
    agent = record.on_behalf_of
    rows = again.edition.catalogue.row_of
    numbers = _Numbers(record) if with_numbers else None
    return RecordedDecision(
        decision_id=record.decision_id,
        request_id=record.request_id,
        at=record.at,
        as_of=inputs.as_of,
        channel=inputs.channel,
        locale=inputs.locale,
        context=inputs.context,
        principal=record.principal if with_numbers else None,
        on_behalf_of=(
            RecordedAgent(agent.agent_id, agent.call_id) if agent and with_numbers else None
        ),
        arm=record.arm,
        served_from=outputs.served_from,
        degraded_reasons=outputs.degraded_reasons,
        versions=_versions(record.versions),
        placements=[
            RecordedPlacement(
                place,
                reason,
                [
                    _offer(offer, rank, rows[offer], reasons, numbers)
                    for rank, offer in enumerate(offers, start=1)
                ],
            )
            for place, offers, reason in outputs.slates
        ],
        verdicts=_verdicts(again, numbers) if numbers else None,
    )


class _Numbers:
    """The numbers of a record, per row of the catalogue of then."""

    def __init__(self, record: DecisionRecord) -> None:
        outputs = record.outputs
        self.propensity = np.frombuffer(outputs.propensity, "<f8")
        self.factors = {name: np.frombuffer(it, "<f8") for name, it in outputs.factors.items()}
        self.priority = self.propensity.copy()
        for factor in self.factors.values():
            self.priority *= factor

    def factor(self, name: str, row: int) -> float | None:
        """One multiplier."""
        return _known(self.factors[name], row) if name in self.factors else None


def _offer(
    offer_id: str,
    rank: int,
    row: int,
    reasons: dict[int, tuple[ToldReason, ...]],
    numbers: _Numbers | None,
) -> RecordedOffer:
    return RecordedOffer(
        rank=rank,
        offer_id=offer_id,
        propensity=_known(numbers.propensity, row) if numbers else None,
        value=numbers.factor("value", row) if numbers else None,
        context_weight=numbers.factor("context_weight", row) if numbers else None,
        lever=numbers.factor("lever", row) if numbers else None,
        priority=_known(numbers.priority, row) if numbers else None,
        reasons=[Reason(one.code, one.text) for one in reasons.get(row, ())],
    )


def _verdicts(again: DecidedAgain, numbers: _Numbers) -> list[RecordedVerdict]:
    decision = again.result.decision
    return [
        RecordedVerdict(
            offer_id=offer_id,
            proposed=bool(decision.proposed[row]),
            permitted=bool(decision.permitted[row]),
            denied_by=list(decision.denied_by(row)),
            propensity=_known(numbers.propensity, row),
            priority=_known(numbers.priority, row),
        )
        for row, offer_id in enumerate(again.edition.catalogue.offer_ids)
    ]


def _versions(versions: Versions) -> VersionsAnswer:
    return VersionsAnswer(
        model=versions.model,
        catalogue=versions.catalogue,
        policy=versions.policy,
        contract=versions.contract,
    )


def _known(column: Floats, row: int) -> float | None:
    return None if np.isnan(column[row]) else float(column[row])
