"""GET /v1/catalogue and /v1/models: what is there to decide with."""

from __future__ import annotations

from typing import Any

from litestar import Request, get

from service.api.authentication import asking
from service.api.desk import desk_of
from service.api.wire import (
    CatalogueAnswer,
    CatalogueOffer,
    ModelAnswer,
    ModelsAnswer,
    RejectReasonInWords,
)
from service.domain.catalogue import Catalogue

REJECT_REASONS = [
    RejectReasonInWords("not_interested", {"en": "Not interested", "zh-CN": "不感兴趣"}),
    RejectReasonInWords("has_elsewhere", {"en": "Has it at another bank", "zh-CN": "已在他行办理"}),
    RejectReasonInWords("too_expensive", {"en": "Too expensive", "zh-CN": "费用太高"}),
    RejectReasonInWords("bad_time", {"en": "Not a good time", "zh-CN": "时机不合适"}),
    RejectReasonInWords("prefers_branch", {"en": "Prefers a branch", "zh-CN": "希望到网点办理"}),
    RejectReasonInWords("complaint", {"en": "Has a complaint", "zh-CN": "有投诉"}),
    RejectReasonInWords("other", {"en": "Other", "zh-CN": "其他"}),
]


@get("/v1/catalogue", sync_to_thread=False)
def catalogue(request: Request[Any, Any, Any]) -> CatalogueAnswer:
    """Every offer with its titles, every channel with its placements, every reject reason; what an
    offer is worth to the bank is for its analysts and auditors.
    """
    held = desk_of(request).make_decision.edition.catalogue
    with_numbers = asking(request).sees_numbers
    return CatalogueAnswer(
        catalogue=held.version,
        policy=held.policy.version,
        currency=held.currency,
        channels={name: dict(row.placements) for name, row in held.policy.channels.items()},
        offers=[_offer(held, row, with_numbers=with_numbers) for row in range(len(held))],
        reject_reasons=REJECT_REASONS,
    )


@get("/v1/models", sync_to_thread=True)
def models(request: Request[Any, Any, Any]) -> ModelsAnswer:
    """Every bundle, which one is promoted, and which one this service decides with."""
    desk = desk_of(request)
    in_use, champion = desk.make_decision.edition.versions.model, desk.models.champion()
    return ModelsAnswer(
        [
            ModelAnswer(name, champion=name == champion, in_use=name == in_use)
            for name in desk.models.ids()
        ]
    )


def _offer(held: Catalogue, row: int, *, with_numbers: bool) -> CatalogueOffer:
    offer_id = held.offer_ids[row]
    return CatalogueOffer(
        offer_id=offer_id,
        offer_version=held.offer_versions[row],
        product_id=held.product_ids[row],
        group=held.groups[row],
        value=float(held.values[row]) if with_numbers else None,
        lever=float(held.levers[row]) if with_numbers else None,
        channels=[name for name, mask in held.in_channel.items() if mask[row]],
        lane=held.lanes[row],
        killed=bool(held.killed[row]),
        title=_titles(held, offer_id),
    )


def _titles(held: Catalogue, offer_id: str) -> dict[str, str]:
    """By locale: what it is called everywhere, or in the first channel where it has another name
    in each.
    """
    titles: dict[str, str] = {}
    for (offer, locale, channel), words in held.treatments.items():
        if offer == offer_id and (channel == "*" or locale not in titles):
            titles[locale] = words.title
    return titles
