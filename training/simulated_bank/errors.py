"""What can go wrong with a simulation or the question put to its truth."""

from __future__ import annotations


class SimulationError(Exception):
    """Base of everything the simulated bank refuses."""


class SimulationInvalid(SimulationError):
    """A simulation is asked for with impossible settings."""


class TruthUnavailable(SimulationError):
    """The home has no truth, or the truth does not cover what was asked."""


class SimulationStopped(SimulationError):
    """A process of the simulation came to an end before its work did."""
