"""Everything a report is made from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model_registry.home import BankIdentity
from model_registry.manifest import BundleManifest
from training.config import ResolvedConfig
from training.evaluation.month_scores import MonthScores
from training.evaluation.result import EvaluationResult
from training.month_counts import MonthCounts


@dataclass(frozen=True)
class Measured:
    """A test month's scores and what was measured on them."""

    scores: MonthScores
    result: EvaluationResult


@dataclass(frozen=True)
class TrainingRun:
    """One run; `measured` is None when no label month follows those it trained on.

    `snapshot_gaps` names months of holdings that are missing or thin, None where there are none.
    """

    bank: BankIdentity
    config: ResolvedConfig
    manifest: BundleManifest
    months: Sequence[MonthCounts]
    product_names: Mapping[str, str]
    model_text: bytes
    out_of_fold: Mapping[str, float]
    measured: Measured | None
    snapshot_gaps: str | None = None

    @property
    def summary(self) -> dict[str, float]:
        """The measures a manifest carries: out of fold, then on the test month.

        What is undefined, such as an AUC without additions, is left out.
        """
        tested = self.measured.result.numbers() if self.measured else {}
        measures = {**self.out_of_fold, **tested}
        return {name: value for name, value in measures.items() if math.isfinite(value)}
