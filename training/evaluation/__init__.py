"""Measuring bundles, and what they must beat, on months they have not seen."""

from training.evaluation.month_evaluation import evaluate
from training.evaluation.result import EvaluationResult

__all__ = ["EvaluationResult", "evaluate"]
