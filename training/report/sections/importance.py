"""What the model looks at."""

from __future__ import annotations

from model_registry.propensity_model import layout_of
from training.report.blocks import Section, Table, percent
from training.report.column_importance import by_view, column_importances
from training.report.figures.importance_bars import importance_bars
from training.report.training_run import TrainingRun

_SHOWN = 30


def importance(run: TrainingRun) -> Section:
    """Shares per view over all columns, then the columns with the largest gain."""
    columns = column_importances(run.model_text, layout_of(run.manifest))
    rows = [
        (
            view,
            percent(sum(column.gain for column in members)),
            percent(sum(column.splits for column in members)),
            f"{sum(column.splits > 0 for column in members)} of {len(members)}",
        )
        for view, members in by_view(columns).items()
    ]
    table = Table(("view", "gain", "splits", "columns used"), rows, "All columns, by view.")
    shown = [column for members in by_view(columns[:_SHOWN]).values() for column in members]
    return Section("importance", "Feature importance", [table, importance_bars(shown)])
