"""One decision without any I/O: what was read, judged under one edition. The live service, a batch
and a replay all come through here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from msgspec import Struct, structs

from service.domain.decision import Decision, NoOfferReason, Slate
from service.domain.reasons import Reason
from service.domain.situation import Ask, Situation
from service.domain.treatment import Treatment
from service.pipeline.engine import decide
from service.pipeline.trace import Trace
from service.ports import CustomerRecord, Versions
from service.use_cases.edition import Edition
from service.use_cases.know_customer import know_customer


class DecisionResult(Struct, frozen=True):
    """A decision with the situation it was made in and the words for every chosen row; `reasons`
    where they were asked for.
    """

    decision: Decision
    situation: Situation
    treatments: dict[int, Treatment]
    versions: Versions
    trace: Trace
    reasons: Mapping[int, tuple[Reason, ...]] = {}


def decide_in(
    edition: Edition,
    record: CustomerRecord,
    ask: Ask,
    as_of: datetime,
    *,
    refused: frozenset[int] = frozenset(),
) -> DecisionResult:
    """What to offer to the customer of this record, asked so, at this instant."""
    customer = know_customer(
        record,
        as_of_days=as_of.timestamp() / 86_400.0,
        product_count=len(edition.product_vocabulary),
        views_with_data=edition.release.views_with_data if edition.release else (),
    )
    situation = Situation(
        ask,
        customer,
        edition.catalogue,
        edition.product_codes,
        as_of,
        kills=edition.kills,
        vocabulary=edition.product_places,
        refused=refused,
    )
    decision, trace = decide(situation, edition.pipeline)
    return _worded(edition, situation, decision, trace)


def decide_without(
    edition: Edition, result: DecisionResult, refused: frozenset[int]
) -> DecisionResult:
    """The decision made again where these rows were refused: as a replay will make it."""
    situation = replace(result.situation, refused=refused)
    decision, trace = decide(situation, edition.pipeline)
    return structs.replace(_worded(edition, situation, decision, trace), reasons=result.reasons)


def _worded(
    edition: Edition, situation: Situation, decision: Decision, trace: Trace
) -> DecisionResult:
    channel = edition.channels[situation.ask.channel]
    name = ("channel", situation.ask.channel)
    rows = [row for slate in decision.slates for row in slate.rows]
    said = {row: trace.guard(name, channel.say, situation, row) for row in rows}
    words = {row: treatment for row, treatment in said.items() if treatment is not None}
    reasons = edition.lacks + situation.degraded_reasons + trace.reasons()
    degraded_reasons = tuple(dict.fromkeys(reasons))
    slates = decision.slates
    if len(words) < len(said):
        slates = tuple(_said(slate, words) for slate in slates)
    if (degraded_reasons, slates) != (decision.degraded_reasons, decision.slates):
        decision = decision._replace(degraded_reasons=degraded_reasons, slates=slates)
    return DecisionResult(
        decision=decision,
        situation=situation,
        treatments=words,
        versions=edition.versions,
        trace=trace,
    )


def _said(slate: Slate, words: dict[int, Treatment]) -> Slate:
    """The slate without offers nobody wrote words for."""
    rows = tuple(row for row in slate.rows if row in words)
    if len(rows) == len(slate.rows):
        return slate
    return replace(
        slate, rows=rows, no_offer_reason=None if rows else NoOfferReason.NOTHING_ELIGIBLE
    )
