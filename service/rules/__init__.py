"""Rules: may we make this offer, here, now? One file, one line here, one test class each."""

from __future__ import annotations

from service.pipeline.stages import Rule
from service.rules.consent_given import ConsentGiven
from service.rules.minimum_age import MinimumAge
from service.rules.not_already_held import NotAlreadyHeld
from service.rules.not_killed import NotKilled
from service.rules.offered_in_channel import OfferedInChannel
from service.rules.within_validity import WithinValidity

RULES: tuple[type[Rule], ...] = (
    NotKilled,
    ConsentGiven,
    OfferedInChannel,
    WithinValidity,
    MinimumAge,
    NotAlreadyHeld,
)
