"""What a valid catalogue may have forgotten: no mistake, and yet seldom meant."""

from __future__ import annotations

from collections.abc import Iterator

from service.channels.agent_desk import AgentDesk
from service.domain.catalogue import Catalogue


def hints(catalogue: Catalogue) -> list[str]:
    """One line for each offer that agents have no words for, or that some channels never make."""
    return [*_without_talk_track(catalogue), *_never_advised(catalogue)]


def _without_talk_track(catalogue: Catalogue) -> Iterator[str]:
    for row, offer_id in enumerate(catalogue.offer_ids):
        desks = [desk for desk in AgentDesk.names if _is_made(catalogue, row, desk)]
        silent = [desk for desk in desks if not _has_talk_track(catalogue, row, desk)]
        if silent:
            yield (
                f"offer {offer_id}: no talk_track for {', '.join(silent)}:"
                " agents see only what is written for customers"
            )


def _never_advised(catalogue: Catalogue) -> Iterator[str]:
    channels = catalogue.policy.channels
    for row in catalogue.advice_only.nonzero()[0].tolist():
        silent = [
            name
            for name in channels
            if _is_made(catalogue, row, name) and not channels[name].advises
        ]
        if silent:
            yield (
                f"offer {catalogue.offer_ids[row]}: it is advised, and nobody advises in"
                f" {', '.join(silent)}: it is never made there"
            )


def _has_talk_track(catalogue: Catalogue, row: int, channel: str) -> bool:
    said = (catalogue.treatment(row, locale=it, channel=channel) for it in catalogue.locales)
    return any(words is not None and words.talk_track for words in said)


def _is_made(catalogue: Catalogue, row: int, channel: str) -> bool:
    made = catalogue.in_channel.get(channel)
    return made is not None and bool(made[row])
