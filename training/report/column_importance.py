"""How much the trees use each model column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import lightgbm
import numpy as np

from feature_repo.column_layout import ColumnLayout
from feature_repo.column_views import view_of_column


@dataclass(frozen=True)
class ColumnImportance:
    """One column's shares of all gain and of all splits."""

    name: str
    view: str
    gain: float
    splits: float


def column_importances(model_text: bytes, layout: ColumnLayout) -> list[ColumnImportance]:
    """All columns, those with the largest gain first."""
    booster = lightgbm.Booster(model_str=model_text.decode())
    gains, splits = (
        np.asarray(booster.feature_importance(kind), np.float64) for kind in ("gain", "split")
    )
    columns = [
        ColumnImportance(name, view_of_column(name), float(gain), float(split))
        for name, gain, split in zip(
            layout.names,
            gains / max(gains.sum(), 1e-12),
            splits / max(splits.sum(), 1.0),
            strict=True,
        )
    ]
    return sorted(columns, key=lambda column: (-column.gain, column.name))


def by_view(columns: Sequence[ColumnImportance]) -> dict[str, list[ColumnImportance]]:
    """Columns under their views, the view with the largest gain first."""
    groups: dict[str, list[ColumnImportance]] = {}
    for column in columns:
        groups.setdefault(column.view, []).append(column)
    ranked = sorted(groups.items(), key=lambda item: -sum(column.gain for column in item[1]))
    return dict(ranked)
