"""The page a person reads before promoting: what was trained on, how good it is, against what."""

from training.report.page import report_page
from training.report.training_run import Measured, TrainingRun

__all__ = ["Measured", "TrainingRun", "report_page"]
