"""A checked catalogue at a glance."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import numpy as np

from nbo.output import print_facts, print_table
from service.domain.catalogue import Catalogue, Lane
from service.domain.contact_policy import CalendarWindow, Cap, Cooldown


def summary(catalogue: Catalogue) -> dict[str, Any]:
    """What a script would ask: counts by lane, group and locale, and the contact policy."""
    policy, rows = catalogue.policy, range(len(catalogue))
    quiet = policy.contact.quiet_hours
    written = Counter(locale for _, locale, _ in catalogue.treatments)
    disclosed = Counter(
        locale for (_, locale, _), said in catalogue.treatments.items() if said.disclosure
    )
    return {
        "version": catalogue.version,
        "policy_version": policy.version,
        "currency": catalogue.currency,
        "offers": len(catalogue),
        "lanes": {str(lane): catalogue.lanes.count(lane) for lane in Lane},
        "groups": dict(Counter(catalogue.groups)),
        "conditions": {
            "eligibility": sum(catalogue.eligibility.text(row) is not None for row in rows),
            "applicability": sum(catalogue.applicability.text(row) is not None for row in rows),
        },
        "rated": int((~np.isnan(catalogue.risk_rating)).sum()),
        "advised": int(catalogue.advice_only.sum()),
        "caps": [_cap(cap) for cap in policy.contact.caps],
        "cooldowns": [_cooldown(cooldown) for cooldown in policy.contact.cooldowns],
        "quiet_hours": f"{quiet.begins:%H:%M} to {quiet.ends:%H:%M}" if quiet else None,
        "treatments": dict(written),
        "disclosures": dict(disclosed),
    }


def show_summary(catalogue: Catalogue) -> None:
    """Tables for people."""
    told = summary(catalogue)
    columns = ["group", *map(str, Lane), "eligibility", "applicability", "rated", "advised"]
    print_table(columns, [_group_row(catalogue, group) for group in told["groups"]], "offers")
    if told["caps"]:
        caps = [
            [c["id"], c["scope"], ", ".join(c["only"]), c["counts"], c["window"], c["limit"]]
            for c in told["caps"]
        ]
        print_table(["cap", "scope", "only", "counts", "window", "limit"], caps, "caps")
    after = [[c["outcome"], c["reason"], c["scope"], c["duration"]] for c in told["cooldowns"]]
    print_table(["after", "reason", "scope", "for"], after, "cooldowns")
    words = [
        [locale, count, told["disclosures"].get(locale, 0)]
        for locale, count in told["treatments"].items()
    ]
    print_table(["locale", "treatments", "with disclosure"], words, "words")
    facts = ("version", "policy_version", "currency", "offers", "quiet_hours")
    print_facts((name, told[name] or "none") for name in facts)


def _group_row(catalogue: Catalogue, group: str) -> list[object]:
    rows = catalogue.group_rows(group)
    lanes = [catalogue.lanes[row] for row in rows]
    conditions = (catalogue.eligibility, catalogue.applicability)
    counts: list[int] = [
        *(lanes.count(lane) for lane in Lane),
        *(sum(asked.text(row) is not None for row in rows) for asked in conditions),
        int((~np.isnan(catalogue.risk_rating[rows])).sum()),
        int(catalogue.advice_only[rows].sum()),
    ]
    return [group, *(count or "" for count in counts)]


def _cap(cap: Cap) -> dict[str, Any]:
    window = cap.window
    return {
        "id": cap.id,
        "scope": str(cap.scope),
        "only": sorted(cap.only),
        "counts": str(cap.counts),
        "window": str(window) if isinstance(window, CalendarWindow) else _span(window),
        "limit": cap.limit,
    }


def _cooldown(cooldown: Cooldown) -> dict[str, Any]:
    return {
        "outcome": cooldown.outcome,
        "reason": cooldown.reason,
        "scope": str(cooldown.scope),
        "duration": _span(cooldown.duration),
    }


def _span(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return f"{hours // 24}d" if hours % 24 == 0 else f"{hours}h"
