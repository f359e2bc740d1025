"""The training set: one row per customer, month and product not held, with its label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from feature_repo.raw_features import Float32s, Float64s
from feature_repo.transforms import ColumnLayout
from model_registry.home import Home
from training.config import TrainConfig
from training.errors import TrainingRefused
from training.label_month import LabelMonth, read_label_month
from training.month_features import layout_at, month_chunks
from training.progress import Progress
from training.splitting import customer_keys, folds_of, uniform_of

Codes = NDArray[np.intp]


@dataclass(frozen=True)
class TrainingSet:
    """Rows in order of `as_of`, customer, product; `negative_rate` = share of negatives kept.

    Per month, `chosen` marks the pairs (n, V) that became rows, and `last_products` holds what each
    customer had added last by `as_of`.
    """

    matrix: Float32s
    labels: Float32s
    product_codes: Codes
    folds: Codes
    negative_rate: float
    layout: ColumnLayout
    views_with_data: frozenset[str]
    chosen: list[NDArray[np.bool_]]
    last_products: list[Codes]

    def by_pair(self, values: NDArray[np.floating]) -> Float64s:
        """Values (m,) of the rows as (customer-months, V); NaN for pairs without a row."""
        marks = np.concatenate(self.chosen)
        pairs = np.full(marks.shape, np.nan)
        pairs[marks] = values
        return pairs


@dataclass(frozen=True)
class RowChoice:
    """Which pairs (n, V) of each month become rows, and the share of negatives among them."""

    chosen: list[NDArray[np.bool_]]
    negative_rate: float


def build_training_set(
    home: Home,
    months: Sequence[LabelMonth],
    config: TrainConfig,
    *,
    progress: Progress,
) -> TrainingSet:
    """Features of all label months as they stood at each `as_of`, joined to their labels."""
    choice = choose_rows(months, config)
    layout = layout_at(home, home.bank(), max(month.as_of for month in months))
    count = sum(int(chosen.sum()) for chosen in choice.chosen)
    matrix = np.empty((count, len(layout.names)), dtype=np.float32)
    codes = np.empty(count, dtype=np.intp)
    views: frozenset[str] = frozenset()
    last_products = [np.empty(len(month.customers), dtype=np.intp) for month in months]
    filled = 0
    for number, month in enumerate(months):
        chosen = choice.chosen[number]
        for chunk in month_chunks(home, month, layout, progress):
            rows, products = chunk.rows(chosen)
            matrix[filled : filled + len(rows)] = rows
            codes[filled : filled + len(rows)] = products
            filled += len(rows)
            views |= chunk.views
            last_products[number][chunk.start : chunk.stop] = chunk.last_products
    pairs = list(zip(months, choice.chosen, strict=True))
    return TrainingSet(
        matrix=matrix,
        labels=np.concatenate([month.labels[chosen] for month, chosen in pairs]),
        product_codes=codes,
        folds=np.concatenate(
            [_row_folds(month, chosen, config.calibration.folds) for month, chosen in pairs]
        ),
        negative_rate=choice.negative_rate,
        layout=layout,
        views_with_data=views,
        chosen=choice.chosen,
        last_products=last_products,
    )


def choose_rows(months: Sequence[LabelMonth], config: TrainConfig) -> RowChoice:
    """All positives and, beyond the limits, a share of the negatives drawn by a hash of the row."""
    positives = sum(int(np.nansum(month.labels)) for month in months)
    negatives = sum(int(month.candidates.sum()) for month in months) - positives
    if not positives:
        raise TrainingRefused(
            f"nobody added a product in {', '.join(str(month.month) for month in months)}: "
            "there is nothing to learn, choose other label months"
        )
    wanted = min(config.max_rows - positives, config.max_negatives_per_positive * positives)
    if negatives <= wanted:
        return RowChoice([month.candidates for month in months], 1.0)
    rate = max(wanted, 1) / negatives
    return RowChoice([_sampled(month, rate) for month in months], rate)


def read_label_months(home: Home, months: Sequence[date]) -> list[LabelMonth]:
    """The labels of several months, in order of time."""
    bank = home.bank()
    return [read_label_month(home, bank, month) for month in sorted(months)]


def _sampled(month: LabelMonth, rate: float) -> NDArray[np.bool_]:
    keys = customer_keys(month.customers, purpose="negative sampling")
    codes = np.arange(month.labels.shape[1], dtype=np.uint64)
    salts = codes + np.uint64(month.month.toordinal() << 16)
    draws = uniform_of(keys[:, None], salts[None, :])
    chosen: NDArray[np.bool_] = (month.labels == 1) | (month.candidates & (draws < rate))
    return chosen


def _row_folds(month: LabelMonth, chosen: NDArray[np.bool_], folds: int) -> Codes:
    return folds_of(month.customers, folds)[np.nonzero(chosen)[0]]
