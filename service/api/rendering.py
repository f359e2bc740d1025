"""From a decision to its answer."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
from msgspec import Struct

from service.api.tracking_tokens import TrackingTokens
from service.api.wire import (
    CallToActionAnswer,
    DecisionAnswer,
    OfferAnswer,
    PlacementAnswer,
    Reason,
    TreatmentAnswer,
    VersionsAnswer,
    WithheldOffer,
)
from service.domain.decision import NoOfferReason, Slate
from service.domain.principal import Visibility
from service.domain.treatment import Treatment
from service.rules import RULES
from service.use_cases.deciding import DecisionResult

VALIDITY = timedelta(minutes=10)
CHAMPION_ARM = "champion"
RULE_LOCALE = "en"
"""Every rule has its text in this one; a bank may speak others."""
NO_NUMBERS: dict[str, float | None] = dict.fromkeys(
    ("propensity", "value", "context_weight", "lever", "priority", "selection_probability")
)
RULE_TEXTS = {rule.code: rule.text for rule in RULES}


class Envelope(Struct, frozen=True):
    """What the edge adds to a decision, and how much of it whoever asked may see."""

    decision_id: str
    request_id: str
    now: datetime
    visible: Visibility


def render(result: DecisionResult, envelope: Envelope, tokens: TrackingTokens) -> DecisionAnswer:
    """The answer; offers nobody wrote words for are left out."""
    decision, versions = result.decision, result.versions
    return DecisionAnswer(
        decision_id=envelope.decision_id,
        request_id=envelope.request_id,
        served_from=decision.rung,
        degraded_reasons=list(decision.degraded_reasons),
        arm=CHAMPION_ARM,
        placements=[_placement(result, slate, envelope, tokens) for slate in decision.slates],
        withheld=withheld(result) if envelope.visible.withheld else None,
        versions=VersionsAnswer(
            model=versions.model,
            catalogue=versions.catalogue,
            policy=versions.policy,
            contract=versions.contract,
        ),
        expires_at=envelope.now + VALIDITY,
    )


def withheld(result: DecisionResult) -> list[WithheldOffer]:
    """Every proposed offer a rule denies, in business order, with the first rule's text."""
    decision, situation = result.decision, result.situation
    offers = []
    for row in map(int, np.flatnonzero(decision.withheld)):
        rules = list(decision.denied_by(row))
        texts = RULE_TEXTS[rules[0]]
        text = texts.get(situation.ask.locale) or texts[RULE_LOCALE]
        offers.append(WithheldOffer(situation.catalogue.offer_ids[row], rules[0], rules, text))
    return offers


def _placement(
    result: DecisionResult, slate: Slate, envelope: Envelope, tokens: TrackingTokens
) -> PlacementAnswer:
    said = [(row, result.treatments[row]) for row in slate.rows if row in result.treatments]
    offers = [
        _offer(result, row, words, rank, envelope, tokens)
        for rank, (row, words) in enumerate(said, start=1)
    ]
    reason = None if offers else slate.no_offer_reason or NoOfferReason.NOTHING_ELIGIBLE
    return PlacementAnswer(slate.placement_id, reason, offers)


def _offer(
    result: DecisionResult,
    row: int,
    words: Treatment,
    rank: int,
    envelope: Envelope,
    tokens: TrackingTokens,
) -> OfferAnswer:
    catalogue, visible = result.situation.catalogue, envelope.visible
    offer_id = catalogue.offer_ids[row]
    return OfferAnswer(
        rank=rank,
        offer_id=offer_id,
        offer_version=catalogue.offer_versions[row],
        product_id=catalogue.product_ids[row],
        treatment=_treatment(words if visible.talk_tracks else words.for_customer),
        tracking_token=tokens.issue(envelope.decision_id, offer_id),
        reasons=[Reason(one.code, one.text) for one in result.reasons.get(row, ())],
        **(_numbers(result, row) if visible.numbers else NO_NUMBERS),
    )


def _numbers(result: DecisionResult, row: int) -> dict[str, float | None]:
    decision = result.decision
    propensity = _known(decision.propensity[row])
    value = result.situation.catalogue.values if propensity is None else decision.factors["value"]
    return {
        "propensity": propensity,
        "value": float(value[row]),
        "context_weight": float(decision.factors["context_weight"][row]),
        "lever": float(decision.factors["lever"][row]),
        "priority": None if propensity is None else _known(decision.priority[row]),
        "selection_probability": 1.0,
    }


@lru_cache(maxsize=4096)
def _treatment(words: Treatment) -> TreatmentAnswer:
    action = words.call_to_action
    return TreatmentAnswer(
        locale=words.locale,
        title=words.title,
        body=words.body,
        call_to_action=CallToActionAnswer(action.label, action.deep_link) if action else None,
        image_url=words.image_url,
        disclosure=words.disclosure,
        talk_track=words.talk_track,
    )


def _known(number: float) -> float | None:
    return None if math.isnan(number) else float(number)
