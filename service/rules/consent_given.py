"""She allows the bank to speak to her in this channel, and for every further purpose the offer
needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from service.domain.columns import Mask
from service.domain.consent import ConsentMode, Purpose
from service.domain.situation import Situation
from service.pipeline.stages import Explanation, OnMissing, Tier

NEEDED = {ConsentMode.OPT_IN: "given", ConsentMode.OPT_OUT: "given, or nothing recorded"}
"""What permits under the bank's default."""


class ConsentGiven:
    """Permits an offer where the channel's purpose and the offer's own purposes are all allowed;
    unreadable denies.
    """

    code: ClassVar[str] = "consent_given"
    tier: ClassVar[Tier] = Tier.CONSENT
    owner: ClassVar[str] = "data protection"
    legal_basis: ClassVar[str] = "PIPL art. 13, GDPR art. 6 and 21, ePrivacy art. 13"
    text: ClassVar[Mapping[str, str]] = {
        "en": "The customer has not consented to such offers in this channel, or we do not know.",
        "zh-CN": "客户未同意在此渠道接收此类推荐，或同意情况未知。",
    }
    on_missing: ClassVar[OnMissing] = OnMissing.DENY

    def permits(self, situation: Situation) -> Mask:
        """True where all needed purposes are allowed in the asked channel."""
        permitted = situation.catalogue.everything
        for purpose, needing in _needs(situation):
            if not situation.consents_to(purpose):
                permitted = permitted & ~needing
        return permitted

    def explain(self, situation: Situation, row: int) -> Explanation:
        """The recorded status of every purpose the offer needs here."""
        purposes = [purpose for purpose, needing in _needs(situation) if needing[row]]
        seen = ", ".join(f"{purpose}: {situation.consent_status(purpose)}" for purpose in purposes)
        policy, channel = situation.catalogue.policy, situation.ask.channel
        modes = [policy.consent_mode(channel, purpose) for purpose in purposes]
        needed = ", ".join(f"{p}: {NEEDED[mode]}" for p, mode in zip(purposes, modes, strict=True))
        return Explanation(
            bool(self.permits(situation)[row]),
            seen or "nothing asked for",
            needed or "no consent: it is no marketing",
        )


def _needs(situation: Situation) -> Iterator[tuple[Purpose, Mask]]:
    """Each purpose with the offers that need it: the channel's own only for marketing, since what a
    bank owes her or does for her is no advertising.
    """
    yield situation.channel.purpose, situation.catalogue.is_marketing
    yield from situation.catalogue.extra_purposes.items()
