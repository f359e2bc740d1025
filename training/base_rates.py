"""Plain rates of addition, for the rungs below the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from model_registry.rates import Rates
from training.label_month import LabelMonth


def base_rates(
    months: Sequence[LabelMonth],
    groups: Mapping[str, str],
    segments: Sequence[Sequence[str | None]] = (),
) -> Rates:
    """Additions per candidate of each product, each group and overall; thin ones lean on the wider.

    `segments` names, per month, the segment of each of its customers (None = unknown). Every rate
    lies between 0 and 1: one expected addition at the wider rate is mixed in.
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
    by_product = {
        product: _mixed(added[code], asked[code], by_group.get(groups.get(product, ""), overall))
        for code, product in enumerate(vocabulary)
    }
    return Rates(
        product=by_product,
        group=by_group,
        overall=overall,
        segment=_by_segment(months, segments, by_product),
    )


def _by_segment(
    months: Sequence[LabelMonth],
    segments: Sequence[Sequence[str | None]],
    by_product: Mapping[str, float],
) -> dict[str, dict[str, float]]:
    """The same per segment; thin ones lean on the product's own rate."""
    if not segments:
        return {}
    names = sorted({name for month in segments for name in month if name is not None})
    added = {name: np.zeros(len(by_product)) for name in names}
    asked = {name: np.zeros(len(by_product)) for name in names}
    for month, of_month in zip(months, segments, strict=True):
        column = np.array(of_month, dtype=object)
        for name in names:
            members = column == name
            added[name] += np.nansum(month.labels[members], axis=0)
            asked[name] += month.candidates[members].sum(axis=0)
    return {
        name: {
            product: _mixed(added[name][code], asked[name][code], wider)
            for code, (product, wider) in enumerate(by_product.items())
        }
        for name in names
    }


def _mixed(added: float, asked: float, wider: float) -> float:
    return float((added + 1.0) / (asked + 1.0 / wider))
