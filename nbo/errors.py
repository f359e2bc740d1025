"""What can go wrong in the shell itself; the two halves bring their own errors."""

from __future__ import annotations


class CommandError(Exception):
    """Base of the shell's own errors: one clear line, exit code 1."""


class ServerUnavailable(CommandError):
    """The embedded Redis cannot be started, adopted or stopped."""


class PortUnavailable(CommandError):
    """The service cannot have its port for itself."""


class UsageRefused(CommandError):
    """The options given contradict each other or the state of the home."""
