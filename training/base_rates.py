"""Plain rates of addition, for the rungs below the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from model_registry.rates import Rates
from training.label_month import LabelMonth


def base_rates(months: Sequence[LabelMonth], groups: Mapping[str, str]) -> Rates:
    """Additions per candidate of each product, each group and overall; thin ones lean on the wider.

    Every rate lies between 0 and 1: one expected addition at the wider rate is mixed in.
    """
    vocabulary = months[0].vocabulary
    added, asked = np.zeros(len(vocabulary)), np.zeros(len(vocabulary))
    for month in months:
        added += np.nansum(month.labels, axis=0)
        asked += month.candidates.sum(axis=0)
    overall = float((added.sum() + 0.5) / (asked.sum() + 1.0))
    group_names = sorted(set(groups.values()))
    members = {g: [j for j, p in enumerate(vocabulary) if groups.get(p) == g] for g in group_names}
    by_group = {
        group: _mixed(added[codes].sum(), asked[codes].sum(), overall)
        for group, codes in members.items()
    }
    return Rates(
        product={
            product: _mixed(
                added[code], asked[code], by_group.get(groups.get(product, ""), overall)
            )
            for code, product in enumerate(vocabulary)
        },
        group=by_group,
        overall=overall,
    )


def _mixed(added: float, asked: float, wider: float) -> float:
    return float((added + 1.0) / (asked + 1.0 / wider))
