"""What can go wrong between stored features and their reader; no message carries a customer id."""

from __future__ import annotations


class FeatureError(Exception):
    """Base of everything the feature repository refuses."""


class FeaturesAbsent(FeatureError):
    """No features were built or registered yet."""


class StateUnreadable(FeatureError):
    """A stored state is damaged or belongs to another customer; it must count as unknown."""


class StoreAddressInvalid(FeatureError):
    """The Redis address cannot be handed to Feast."""


class LoadRefused(FeatureError):
    """Redis took only a part of a load; what is missing counts as unknown."""
