"""It is no hour at which the bank keeps silent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from service.domain.columns import Mask
from service.domain.contact_policy import QuietHours
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier

MINUTE = timedelta(minutes=1)
MINUTES_LOOKED_AHEAD = 2 * 1440


class OutsideQuietHours:
    """Permits marketing in outbound channels outside the quiet hours of the customer's own day, of
    the bank's when her zone is unknown; inbound channels and what is no marketing always.
    """

    code: ClassVar[str] = "outside_quiet_hours"
    tier: ClassVar[Tier] = Tier.CONTACT_POLICY
    owner: ClassVar[str] = "customer contact"
    legal_basis: ClassVar[str] = "the bank's contact policy; national rules on calling hours"
    text: ClassVar[Mapping[str, str]] = {
        "en": "It is quiet time where the customer lives.",
        "zh-CN": "客户所在地正处于免打扰时段。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.DENY

    def permits(self, situation: Situation) -> Mask:
        """True for what is no marketing; for marketing where the hour is not quiet."""
        if _is_quiet_now(situation):
            return ~situation.catalogue.is_marketing
        return situation.catalogue.everything

    def explain(self, situation: Situation, row: int) -> Explanation:
        """Her local time and when the quiet hours end."""
        permitted = bool(self.permits(situation)[row])
        local = situation.as_of.astimezone(situation.local_zone)
        quiet = situation.catalogue.policy.contact.quiet_hours
        if quiet is None or not situation.channel.outbound:
            return Explanation(permitted, f"{local:%H:%M}", "no quiet hours here")
        return Explanation(
            permitted=permitted,
            seen=f"{local:%H:%M} in {situation.local_zone.key}",
            needed=f"not between {quiet.begins:%H:%M} and {quiet.ends:%H:%M}",
            possible_from=None if permitted else _end_of_quiet(situation, quiet),
        )


def _is_quiet_now(situation: Situation) -> bool:
    quiet = situation.catalogue.policy.contact.quiet_hours
    if quiet is None or not situation.channel.outbound:
        return False
    return is_quiet(quiet, situation.as_of, situation.local_zone)


def is_quiet(quiet: QuietHours, instant: datetime, zone: ZoneInfo) -> bool:
    """Whether the instant lies in the quiet hours of this zone; equal ends are the whole day."""
    now: time = instant.astimezone(zone).time()
    if quiet.begins < quiet.ends:
        return quiet.begins <= now < quiet.ends
    return now >= quiet.begins or now < quiet.ends


def _end_of_quiet(situation: Situation, quiet: QuietHours) -> datetime | None:
    """The first whole minute that is not quiet, whatever the clocks do until then."""
    minute = situation.as_of.astimezone(UTC).replace(second=0, microsecond=0)
    for _ in range(MINUTES_LOOKED_AHEAD):
        minute += MINUTE
        if not is_quiet(quiet, minute, situation.local_zone):
            return minute.astimezone(situation.local_zone)
    return None
