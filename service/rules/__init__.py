"""Rules: may we make this offer, here, now? One file, one line here, one test class each."""

from __future__ import annotations

from service.pipeline.stages import Rule
from service.rules.advice_available import AdviceAvailable
from service.rules.applicable import Applicable
from service.rules.consent_given import ConsentGiven
from service.rules.eligible import Eligible
from service.rules.minimum_age import MinimumAge
from service.rules.not_already_held import NotAlreadyHeld
from service.rules.not_cooling_down import NotCoolingDown
from service.rules.not_killed import NotKilled
from service.rules.offered_in_channel import OfferedInChannel
from service.rules.open_to_investor_class import OpenToInvestorClass
from service.rules.outside_quiet_hours import OutsideQuietHours
from service.rules.safe_for_vulnerable import SafeForVulnerable
from service.rules.within_caps import WithinCaps
from service.rules.within_risk_capacity import WithinRiskCapacity
from service.rules.within_validity import WithinValidity

RULES: tuple[type[Rule], ...] = (
    NotKilled,
    ConsentGiven,
    OfferedInChannel,
    WithinValidity,
    MinimumAge,
    NotAlreadyHeld,
    Eligible,
    Applicable,
    WithinRiskCapacity,
    OpenToInvestorClass,
    AdviceAvailable,
    SafeForVulnerable,
    WithinCaps,
    NotCoolingDown,
    OutsideQuietHours,
)
