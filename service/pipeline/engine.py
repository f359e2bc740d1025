"""The one page that decides: sources → rules → scores → adjustments → slate. Pure, synchronous, no
I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.domain.columns import Floats, Mask
from service.domain.decision import Decision, Rung, Slate
from service.domain.situation import Situation
from service.pipeline import checks
from service.pipeline.no_offer import no_offer_reason
from service.pipeline.stages import Adjustment, Rule, Scorer, Selector, Source
from service.pipeline.trace import Trace


@dataclass(frozen=True)
class Pipeline:
    """The bank's stages, in declared order; only the order of scorers means anything."""

    sources: tuple[Source, ...]
    rules: tuple[Rule, ...]
    scorers: tuple[Scorer, ...]
    adjustments: tuple[Adjustment, ...]
    selector: Selector

    @cached_property
    def rule_codes(self) -> tuple[str, ...]:
        """The rules' names in their order."""
        return tuple(rule.code for rule in self.rules)


class Scoring(NamedTuple):
    """Scores of the permitted offers, and which scorer gave them."""

    scorer: Scorer | None
    scores: Floats


def decide(situation: Situation, pipeline: Pipeline) -> tuple[Decision, Trace]:
    """Decide which offers to make in this situation; never raises for a failing stage."""
    trace = Trace()
    proposed = propose(situation, pipeline.sources, trace)
    verdicts = judge(situation, pipeline.rules, trace)
    permitted: Mask = proposed & np.logical_and.reduce(verdicts)
    scoring = score(situation, permitted, pipeline.scorers, trace)
    factors = adjust(situation, scoring, pipeline.adjustments, trace)
    priority = arbitrate(scoring, factors)
    decision = Decision(
        rung=Rung.NO_OFFER,
        basis=basis(situation, scoring),
        scorer=scoring.scorer.name if scoring.scorer else "none",
        degraded_reasons=(),
        proposed=proposed,
        rule_codes=pipeline.rule_codes,
        verdicts=verdicts,
        permitted=permitted,
        propensity=propensity(scoring),
        factors=factors,
        priority=priority,
        slates=(),
    )
    return fill(situation, decision, pipeline.selector, trace), trace


def fill(situation: Situation, decision: Decision, selector: Selector, trace: Trace) -> Decision:
    """The decision with its slates."""
    chosen = select(situation, decision.permitted, decision.priority, selector, trace)
    placements = situation.ask.placements
    shown = {place.id: rows for place, rows in zip(placements, chosen, strict=True)}
    slates = tuple(
        Slate(place.id, rows, None if rows else no_offer_reason(situation, place, decision, shown))
        for place, rows in zip(placements, chosen, strict=True)
    )
    return decision._replace(
        rung=decision.basis if any(chosen) else Rung.NO_OFFER,
        degraded_reasons=situation.degraded_reasons + trace.reasons(),
        slates=slates,
    )


# Sources, rules and adjustments are many and quick: the guard, called for each, would cost as much
# as a few rules. A failure is noted all the same, and means what that kind of stage declares.


def propose(situation: Situation, sources: tuple[Source, ...], trace: Trace) -> Mask:
    """The union of what the sources propose; a failing source contributes nothing."""
    proposed = np.zeros(len(situation.catalogue), dtype=np.bool_)
    for source in sources:
        try:
            proposed |= checks.column(source.proposes(situation), checks.BOOL, situation)
        except Exception:  # noqa: BLE001 - its failure is noted
            trace.failed("source", source.name)
    return proposed


def judge(situation: Situation, rules: tuple[Rule, ...], trace: Trace) -> NDArray[np.bool_]:
    """bool[rules, offers]: every rule on every offer; a failing rule permits nothing."""
    verdicts = np.zeros((len(rules), len(situation.catalogue)), dtype=np.bool_)
    for row, rule in enumerate(rules):
        try:
            verdicts[row] = checks.column(rule.permits(situation), checks.BOOL, situation)
        except Exception:  # noqa: BLE001 - its failure is noted
            trace.failed("rule", rule.code)
    return verdicts


def score(
    situation: Situation, permitted: Mask, scorers: tuple[Scorer, ...], trace: Trace
) -> Scoring:
    """Scores of the first scorer that applies and does not fail."""
    if permitted.any():
        for scorer in scorers:
            name = ("scorer", scorer.name)
            scores = trace.guard(name, checks.scores, scorer, situation, permitted)
            if scores is not None:
                return Scoring(scorer, scores)
    return Scoring(None, np.full(len(permitted), np.nan))


def adjust(
    situation: Situation, scoring: Scoring, adjustments: tuple[Adjustment, ...], trace: Trace
) -> Mapping[str, Floats]:
    """Every adjustment's multipliers by name; a failing one multiplies by one."""
    identity = situation.catalogue.identity
    if scoring.scorer is None or not scoring.scorer.gives_propensity:
        return {adjustment.name: identity for adjustment in adjustments}
    factors: dict[str, Floats] = {}
    for adjustment in adjustments:
        try:
            factors[adjustment.name] = checks.factors(adjustment.factors(situation), situation)
        except Exception:  # noqa: BLE001 - its failure is noted
            trace.failed("adjustment", adjustment.name)
            factors[adjustment.name] = identity
    return factors


def arbitrate(scoring: Scoring, factors: Mapping[str, Floats]) -> Floats:
    """priority = P × C × V × L (SEMANTICS: arbitration); NaN stays NaN and is never ranked."""
    priority = scoring.scores.copy()
    for multiplier in factors.values():
        priority *= multiplier
    return priority


def select(
    situation: Situation, permitted: Mask, priority: Floats, selector: Selector, trace: Trace
) -> tuple[tuple[int, ...], ...]:
    """Rows per asked placement; NaN is never ranked, and a failing selector chooses nobody."""
    name = ("selector", selector.name)
    rankable = permitted & ~np.isnan(priority)
    chosen = trace.guard(name, checks.slates, selector, situation, rankable, priority)
    return chosen or tuple(() for _ in situation.ask.placements)


def propensity(scoring: Scoring) -> Floats:
    """The scores where they are probabilities, else NaN."""
    if scoring.scorer is not None and scoring.scorer.gives_propensity:
        return scoring.scores
    return np.full_like(scoring.scores, np.nan)


def basis(situation: Situation, scoring: Scoring) -> Rung:
    """How much an answer with offers rests on."""
    if scoring.scorer is None:
        return Rung.STATIC
    if scoring.scorer.rung is Rung.FULL and situation.customer.is_stale:
        return Rung.STALE
    return scoring.scorer.rung
