"""Why the winners won: what the ranker's trees make of each kind of fact (TreeSHAP)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from feature_repo.column_features import feature_of_column, says_something
from feature_repo.raw_features import Float32s, Float64s
from service.domain.columns import Mask
from service.domain.reasons import AUDIENCES_OF, MOST_REASONS, Audience, Reason, reason_text
from service.scorers.propensity import Propensity, model_matrix
from service.use_cases.deciding import DecisionResult
from service.use_cases.edition import Edition


def tell_reasons(
    edition: Edition, result: DecisionResult, audience: Audience
) -> dict[int, tuple[Reason, ...]]:
    """At most four reasons for every shown row the ranker scored, strongest first; nothing from
    protected facts, nor from those this audience may not be told. Milliseconds a row.
    """
    release, situation = edition.release, result.situation
    if release is None or result.decision.scorer != Propensity.name:
        return {}
    shown = [row for slate in result.decision.slates for row in slate.rows]
    rows = [row for row in shown if situation.product_codes[row] >= 0]
    if not rows:
        return {}
    matrix = model_matrix(situation, release, situation.product_codes[rows])
    shares = release.model.contributions(matrix)
    names = release.model.layout.names
    codes, speaks = _codes(names, audience), _speaks(names, matrix)
    locale = situation.ask.locale
    return {
        row: _strongest(share, spoken, codes, audience, locale)
        for row, share, spoken in zip(rows, shares, speaks & (shares > 0), strict=True)
    }


def _codes(columns: Sequence[str], audience: Audience) -> list[str | None]:
    """Per column the reason it may be told as to this audience; None = never."""
    codes: list[str | None] = []
    for column in columns:
        feature = feature_of_column(column)
        may_be_told = (
            feature is not None
            and not feature.protected
            and audience in AUDIENCES_OF[feature.disclosed_to]
        )
        codes.append(feature.reason_code if feature is not None and may_be_told else None)
    return codes


def _speaks(columns: Sequence[str], matrix: Float32s) -> Mask:
    """bool[rows, columns]: where there is a fact to speak of: that she never looked at a product
    may speak for it too, but not as "she has looked at it".
    """
    return np.stack([says_something(n, v) for n, v in zip(columns, matrix.T, strict=True)], axis=1)


def _strongest(
    shares: Float64s, speaks: Mask, codes: list[str | None], audience: Audience, locale: str
) -> tuple[Reason, ...]:
    """The reasons with the largest shares, each with a fact at least that speaks for the offer."""
    weights: dict[str, float] = defaultdict(float)
    spoken: set[str] = set()
    for code, share, is_spoken in zip(codes, shares.tolist(), speaks.tolist(), strict=True):
        if code is not None:
            weights[code] += share
            if is_spoken:
                spoken.add(code)
    speaking = [(code, weight) for code, weight in weights.items() if weight > 0 and code in spoken]
    speaking.sort(key=lambda pair: (-pair[1], pair[0]))
    return tuple(
        Reason(code, reason_text(code, audience, locale), weight)
        for code, weight in speaking[:MOST_REASONS]
    )
