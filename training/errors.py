"""What can go wrong in training and evaluation; messages name month, key or file and the cure."""

from __future__ import annotations


class TrainingError(Exception):
    """Base of everything training and evaluation refuse."""


class TrainingRefused(TrainingError):
    """The data of this home cannot train what was asked for."""


class EvaluationRefused(TrainingError):
    """The evaluation asked for would not be honest, or has nothing to measure."""


class ConfigInvalid(TrainingError):
    """A training configuration has an unknown key or a value out of range."""


class RankerNotBuilt(TrainingError):
    """A bundle's trees cannot become native code here; LightGBM scores them instead."""
