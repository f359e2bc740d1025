"""Why an offer was made, and why another was not: told from a decision made again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np

from service.domain.decision import Slate
from service.domain.reasons import Audience, Reason
from service.errors import OfferUnknown
from service.pipeline.seating import room_beside
from service.pipeline.stages import Explanation, Rule
from service.pipeline.trace import Trace
from service.use_cases.replay_decision import DecidedAgain
from service.use_cases.tell_reasons import tell_reasons

FALLBACK_LOCALE = "en"
FAILED = Explanation(permitted=False, seen="the rule failed", needed="a rule that can be evaluated")
FAILED_TEXT = {
    "en": "The rule failed, and what nobody could check is not offered.",
    "zh-CN": "该规则运行失败；无法核验的产品不予推荐。",
}


class Outranked(StrEnum):
    """Why an offer every rule permits was not shown; `NO_ROOM`: the others of the same answer used
    up a cap.
    """

    NOT_PROPOSED = "not_proposed"
    NO_ROOM = "no_room"
    LOWER_PRIORITY = "lower_priority"
    NOT_SHOWN = "not_shown"


@dataclass(frozen=True)
class Denial:
    """One rule that denies: what it saw, what it needs, and when it could first permit."""

    code: str
    tier: str
    owner: str
    legal_basis: str
    text: str
    seen: str
    needed: str
    possible_from: datetime | None


@dataclass(frozen=True)
class WhyNot:
    """Every denial of one offer, the first registered first; `possible_from` is the first instant
    at which all of them could permit, None when that cannot be told; `lowest_shown_priority` is of
    the offers it competed with: in its lane, where it could have stood.
    """

    offer_id: str
    was_offered: bool
    denials: tuple[Denial, ...]
    possible_from: datetime | None
    outranked: Outranked | None
    priority: float | None
    lowest_shown_priority: float | None


def reasons_of(again: DecidedAgain, audience: Audience) -> dict[int, tuple[Reason, ...]]:
    """Why the shown offers won, for this audience."""
    return tell_reasons(again.edition, again.result, audience)


def why_not(again: DecidedAgain, offer_id: str) -> WhyNot:
    """Why this offer was not made; `OfferUnknown` when the catalogue of then has none such."""
    catalogue, decision = again.edition.catalogue, again.result.decision
    if offer_id not in catalogue.row_of:
        raise OfferUnknown("the catalogue of this decision has no such offer")
    row = catalogue.row_of[offer_id]
    was_offered = any(row in slate.rows for slate in decision.slates)
    denials = tuple(_denial(rule, again, row) for rule in _denying(again, row))
    priority, rivals = decision.priority, _rivals(again, row)
    return WhyNot(
        offer_id=offer_id,
        was_offered=was_offered,
        denials=denials,
        possible_from=_possible_from(denials),
        outranked=None if was_offered or denials else _outranked(again, row, rivals),
        priority=_known(priority[row]),
        lowest_shown_priority=_known(min((priority[r] for r in rivals), default=np.nan)),
    )


def _denying(again: DecidedAgain, row: int) -> list[Rule]:
    verdicts = again.result.decision.verdicts[:, row]
    rules = again.edition.pipeline.rules
    return [rule for rule, permitted in zip(rules, verdicts, strict=True) if not permitted]


def _denial(rule: Rule, again: DecidedAgain, row: int) -> Denial:
    situation = again.result.situation
    explanation = _explanation(rule, again, row)
    texts = FAILED_TEXT if explanation is FAILED else rule.text
    text = texts.get(situation.ask.locale) or texts[FALLBACK_LOCALE]
    return Denial(
        code=rule.code,
        tier=rule.tier,
        owner=rule.owner,
        legal_basis=rule.legal_basis,
        text=text,
        seen=explanation.seen,
        needed=explanation.needed,
        possible_from=explanation.possible_from,
    )


def _explanation(rule: Rule, again: DecidedAgain, row: int) -> Explanation:
    """`FAILED` for a rule that raises, and for one that denied only because it had failed."""
    told = Trace().guard(("rule", rule.code), rule.explain, again.result.situation, row)
    return FAILED if told is None or told.permitted else told


def _possible_from(denials: tuple[Denial, ...]) -> datetime | None:
    dates = [denial.possible_from for denial in denials]
    known = [date for date in dates if date is not None]
    return max(known) if known and len(known) == len(dates) else None


def _carrying(again: DecidedAgain, row: int) -> list[Slate]:
    """The slates this offer could have stood in."""
    situation, slates = again.result.situation, again.result.decision.slates
    carries, channel = situation.catalogue.in_placement, situation.ask.channel
    return [slate for slate in slates if carries[f"{channel}/{slate.placement_id}"][row]]


def _rivals(again: DecidedAgain, row: int) -> list[int]:
    """The offers of its lane that were shown where it could have stood."""
    lanes = again.edition.catalogue.lanes
    shown = [other for slate in _carrying(again, row) for other in slate.rows]
    return [other for other in shown if lanes[other] is lanes[row]]


def _outranked(again: DecidedAgain, row: int, rivals: list[int]) -> Outranked:
    decision = again.result.decision
    if not decision.proposed[row]:
        return Outranked.NOT_PROPOSED
    if _is_crowded_out(again, row):
        return Outranked.NO_ROOM
    if rivals and decision.priority[row] <= max(decision.priority[rivals]):
        return Outranked.LOWER_PRIORITY
    return Outranked.NOT_SHOWN


def _is_crowded_out(again: DecidedAgain, row: int) -> bool:
    """Whether there were seats left for it, and no cap that still had room for it there."""
    limits = {placement.id: placement.limit for placement in again.result.situation.ask.placements}
    slates = again.result.decision.slates
    budget = room_beside(again.result.situation, {it.placement_id: it.rows for it in slates})
    carrying = _carrying(again, row)
    with_seats = [it.placement_id for it in carrying if len(it.rows) < limits[it.placement_id]]
    return bool(with_seats) and not any(budget.fits(row, place) for place in with_seats)


def _known(number: float) -> float | None:
    return None if np.isnan(number) else float(number)
