"""What holds of every decision, whatever the catalogue, the policy and the customer: properties
over random worlds with conditions, caps, cooldowns, histories and kill switches.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.catalogue import Catalogue
from service.domain.kill_switches import KillSwitches
from service.domain.situation import Situation
from service.pipeline.engine import Pipeline, decide, select
from service.pipeline.trace import Trace
from service.use_cases.decision_records import recorded_outputs
from service.use_cases.edition import compose_edition
from tests.conditional_worlds import Level, asking, conditional_situations, levels
from tests.lost_facts import lost
from tests.toy_release import toy_edition, toy_release
from tests.worlds import GROUPS, OFFERS, VOCABULARY, situations, stripped

PIPELINE = toy_edition(toy_release()).pipeline
many = settings(max_examples=500, deadline=None)
kills = st.builds(
    KillSwitches,
    offers=st.frozensets(st.sampled_from(OFFERS), max_size=2),
    groups=st.frozensets(st.sampled_from(GROUPS), max_size=1),
    models=st.frozensets(st.just("toy-1")),
)


@given(situations(), levels(), st.permutations(range(len(OFFERS))), kills)
@many
def test_shuffling_offers_and_rules_changes_nothing(
    situation: Situation, conditions: list[Level], order: list[int], stopped: KillSwitches
) -> None:
    catalogue = shuffled(situation.catalogue, order)
    codes = situation.product_codes[order]
    other = replace(situation, catalogue=catalogue, product_codes=codes, kills=stopped)
    other = asking(other, *(conditions[row] for row in order))
    situation = asking(replace(situation, kills=stopped), *conditions)
    before, _ = decide(situation, pipeline_of(situation.catalogue))
    pipeline = pipeline_of(catalogue)
    after, _ = decide(other, replace(pipeline, rules=tuple(reversed(pipeline.rules))))
    assert (after.permitted == before.permitted[order]).all()
    assert (after.verdicts[::-1] == before.verdicts[:, order]).all()
    if before.scorer == "business_order":
        return  # the order of the catalogue is what it means
    assert np.array_equal(after.priority, before.priority[order], equal_nan=True)
    names = [[OFFERS[row] for row in slate.rows] for slate in before.slates]
    assert [[catalogue.offer_ids[row] for row in slate.rows] for slate in after.slates] == names


def pipeline_of(catalogue: Catalogue) -> Pipeline:
    """The stages made for this catalogue: scorers know what its rows are."""
    return compose_edition(catalogue, toy_release(), VOCABULARY).pipeline


def shuffled(catalogue: Catalogue, order: list[int]) -> Catalogue:
    """The same offers in another order of rows."""

    def tuples(values: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(values[row] for row in order)

    names = [
        "values", "levers", "minimum_age", "valid_from", "valid_until", "repeatable", "killed",
        "risk_rating", "advice_only", "open_to_vulnerable",
    ]  # fmt: skip
    columns = {name: getattr(catalogue, name)[order] for name in names}
    listed = ["offer_ids", "offer_versions", "product_ids", "groups", "product_lines", "lanes"]
    lists = {name: tuples(getattr(catalogue, name)) for name in listed}
    masks = ["extra_purposes", "in_channel", "in_placement", "investor_classes"]
    tables = {
        name: {key: mask[order] for key, mask in getattr(catalogue, name).items()} for name in masks
    }
    return replace(catalogue, **columns, **lists, **tables)


@given(conditional_situations(), st.sets(st.integers(0, len(OFFERS) - 1)))
@many
def test_proposed_is_kept_plus_withheld_and_nothing_else_is_shown(
    situation: Situation, blank: set[int]
) -> None:
    decision, _ = decide(situation, PIPELINE)
    assert (decision.proposed == (decision.permitted ^ decision.withheld)).all()
    assert (np.isnan(decision.priority) == ~decision.permitted).all()
    shown = [row for slate in decision.slates for row in slate.rows]
    assert len(shown) == len(set(shown))
    assert decision.permitted[shown].all()
    for slate, placement in zip(decision.slates, situation.ask.placements, strict=True):
        assert len(slate.rows) <= placement.limit
        assert bool(slate.rows) == (slate.no_offer_reason is None)
    # What has no number is never ranked, and the same inputs give the same bytes.
    blanked = np.where(np.isin(np.arange(len(OFFERS)), list(blank)), np.nan, decision.priority)
    slates = select(situation, decision.permitted, blanked, PIPELINE.selector, Trace())
    assert not blank & {row for rows in slates for row in rows}
    assert as_bytes(replace(situation)) == as_bytes(situation)


def as_bytes(situation: Situation) -> bytes:
    """A decision as it is recorded."""
    decision, _ = decide(situation, PIPELINE)
    return msgspec.msgpack.encode(recorded_outputs(decision, situation.catalogue))


@given(conditional_situations(denies_unknown=True), st.data())
@many
def test_losing_any_fact_consent_or_history_never_adds_an_offer(
    situation: Situation, data: st.DataObject
) -> None:
    known, _ = decide(situation, PIPELINE)
    less, _ = decide(data.draw(lost(situation)), PIPELINE)
    nothing, _ = decide(stripped(situation), PIPELINE)
    assert not (less.permitted & ~known.permitted).any()
    assert not (nothing.permitted & ~known.permitted).any()
