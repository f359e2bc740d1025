"""What can go wrong with a home or a bundle; every message names the file and the cure."""

from __future__ import annotations


class RegistryError(Exception):
    """Base of everything the registry refuses."""


class HomeInvalid(RegistryError):
    """The local installation lacks something the command needs."""


class BundleRefused(RegistryError):
    """A bundle is altered, truncated, foreign, incompatible or unreadable; none of it is used."""


class BundleNotFound(RegistryError):
    """No bundle of that name, or no champion promoted yet."""


class RankerRefused(RegistryError):
    """A compiled ranker is missing, altered, foreign or unusable here; LightGBM scores instead."""
