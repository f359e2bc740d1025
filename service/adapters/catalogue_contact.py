"""The contact policy as policy.yaml writes it: checked, and as the domain's types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import time, timedelta

from feature_repo.contact_layout import OPTED_OUT_SECONDS
from service.adapters.catalogue_format import (
    CapEntry,
    ContactEntry,
    CooldownEntry,
    OffersFile,
    PolicyFile,
)
from service.adapters.complaints import Place
from service.domain.condition_parser import closest
from service.domain.contact_policy import (
    CalendarWindow,
    Cap,
    ContactPolicy,
    Cooldown,
    Counted,
    QuietHours,
    Scope,
)

LONGEST = timedelta(days=731)
HOUSE_COOLDOWNS = (
    Cooldown("reject", None, Scope.OFFER, timedelta(days=90)),
    Cooldown("reject", None, Scope.GROUP, timedelta(days=14)),
    Cooldown("reject", "has_elsewhere", Scope.PRODUCT_LINE, timedelta(days=180)),
)
"""What holds where the bank declares no cooldowns."""
OPTED_OUT = Cooldown("opted_out", None, Scope.CHANNEL, timedelta(seconds=OPTED_OUT_SECONDS))
"""What holds where the bank declares none after `opted_out`: nobody forgets that by accident."""


def contact_policy(entry: ContactEntry) -> ContactPolicy:
    """The domain's contact policy; the entry has been checked."""
    quiet = entry.quiet_hours
    return ContactPolicy(
        caps=tuple(map(_cap, entry.caps)),
        cooldowns=_cooldowns(entry.cooldowns),
        quiet_hours=(
            QuietHours(time.fromisoformat(quiet.begins), time.fromisoformat(quiet.ends))
            if quiet
            else None
        ),
    )


def complaints_about_contact(policy: PolicyFile, offers: OffersFile) -> Iterator[tuple[Place, str]]:
    """Caps, cooldowns and quiet hours that contradict themselves or name what there is not."""
    contact, names = policy.contact, _names_in(policy, offers)
    ids = Counter(cap.id for cap in contact.caps)
    for row, cap in enumerate(contact.caps):
        place: Place = ("contact", "caps", row)
        if ids[cap.id] > 1:
            yield (*place, "id"), f"cap {cap.id} stands twice: give one of them another id"
        for complaint in _about_cap(cap, names[cap.scope]):
            yield place, f"cap {cap.id}: {complaint}"
    for row, cooldown in enumerate(contact.cooldowns or []):
        for complaint in _about_cooldown(cooldown):
            yield ("contact", "cooldowns", row), f"cooldown after {cooldown.outcome}: {complaint}"
    quiet = contact.quiet_hours
    if quiet is not None and quiet.begins == quiet.ends:
        yield (
            ("contact", "quiet_hours"),
            f"quiet hours begin and end at {quiet.begins}: remove them, or correct one",
        )


def _about_cap(cap: CapEntry, names: Collection[str]) -> Iterator[str]:
    if cap.scope == "all" and cap.only:
        yield "scope all counts all marketing: remove `only`, or choose another scope"
        return
    for name in cap.only:
        if name not in names:
            yield f"unknown {cap.scope} {name}: {closest(name, names)}"
    window = _window(cap.window)
    if isinstance(window, timedelta) and window > LONGEST:
        yield f"window {cap.window} is longer than {LONGEST.days}d, as far as histories go"


def _about_cooldown(cooldown: CooldownEntry) -> Iterator[str]:
    if cooldown.reason is not None and cooldown.outcome != "reject":
        yield f"reason {cooldown.reason} belongs to reject: remove it, or correct the outcome"
    if _span(cooldown.duration) > LONGEST:
        yield f"duration {cooldown.duration} is longer than {LONGEST.days}d"


def _names_in(policy: PolicyFile, offers: OffersFile) -> dict[str, Collection[str]]:
    """What a cap may name, per scope: only marketing offers are ever counted."""
    marketing = [offer for offer in offers.offers if offer.lane == "marketing"]
    places = [(name, it) for name, entry in policy.channels.items() for it in entry.placements]
    return {
        "offer": [offer.id for offer in marketing],
        "group": {offer.group for offer in marketing},
        "product_line": {offer.product_line or offer.group for offer in marketing},
        "channel": list(policy.channels),
        "placement": [text for name, it in places for text in (it, f"{name}/{it}")],
        "all": [],
    }


def _cap(entry: CapEntry) -> Cap:
    return Cap(
        id=entry.id,
        scope=Scope(entry.scope),
        counts=Counted(entry.counts),
        window=_window(entry.window),
        limit=entry.limit,
        only=frozenset(entry.only),
    )


def _cooldowns(entries: list[CooldownEntry] | None) -> tuple[Cooldown, ...]:
    """The bank's, else those of the house; after an opt-out always one."""
    cooldowns = HOUSE_COOLDOWNS if entries is None else tuple(map(_cooldown, entries))
    if any(cooldown.outcome == OPTED_OUT.outcome for cooldown in cooldowns):
        return cooldowns
    return (*cooldowns, OPTED_OUT)


def _cooldown(entry: CooldownEntry) -> Cooldown:
    return Cooldown(entry.outcome, entry.reason, Scope(entry.scope), _span(entry.duration))


def _window(text: str) -> timedelta | CalendarWindow:
    return CalendarWindow(text) if text in set(CalendarWindow) else _span(text)


def _span(text: str) -> timedelta:
    """`90d` or `24h`."""
    count = int(text[:-1])
    return timedelta(hours=count) if text.endswith("h") else timedelta(days=count)
