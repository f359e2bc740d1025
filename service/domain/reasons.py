"""Why an offer won, in words: a code per kind of fact, a sentence per audience and locale.

A fact can speak for an offer because it is high or because it is low: the sentences say which fact
speaks, and nothing of its size that need not be true. Only likeness, popularity and what often
follows are told as such: the ranker is made so that they never speak for an offer by being low.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MOST_REASONS = 4
FALLBACK_LOCALE = "en"


class Audience(StrEnum):
    """Who reads a reason: the customer is not told what the bank infers from her money or life."""

    CUSTOMER = "customer"
    AGENT = "agent"
    AUDITOR = "auditor"


AUDIENCES_OF: Mapping[str, frozenset[Audience]] = {
    "customer": frozenset(Audience),
    "agent": frozenset({Audience.AGENT, Audience.AUDITOR}),
    "nobody": frozenset({Audience.AUDITOR}),
}
"""Who may read a reason made of a feature, by what the contract says it is disclosed to."""


@dataclass(frozen=True)
class Reason:
    """One reason; `weight` is what its facts add to the log-odds."""

    code: str
    text: str
    weight: float


_TO_AGENT: Mapping[str, Mapping[str, str]] = {
    "LIFE_STAGE": {"en": "Her age speaks for it.", "zh-CN": "客户年龄阶段适合该产品。"},
    "LOYAL_CUSTOMER": {
        "en": "The time she has been with us speaks for it.",
        "zh-CN": "客户与我行往来的时间支持该产品。",
    },
    "INCOME": {"en": "Her income speaks for it.", "zh-CN": "客户收入适合该产品。"},
    "SEGMENT": {"en": "Her segment speaks for it.", "zh-CN": "客户所属客群支持该产品。"},
    "HOLDS_RELATED": {
        "en": "What she holds goes with it.",
        "zh-CN": "客户已持有的产品与之相配。",
    },
    "HELD_BEFORE": {
        "en": "What she held before speaks for it.",
        "zh-CN": "客户以往持有情况支持该产品。",
    },
    "RECENTLY_ADDED": {
        "en": "When she last opened what she opened speaks for it.",
        "zh-CN": "客户上次开通产品的时间支持该产品。",
    },
    "CASH_INFLOW": {
        "en": "The money that comes in speaks for it.",
        "zh-CN": "客户的资金流入情况支持该产品。",
    },
    "LARGE_INFLOW": {"en": "A large sum came in once.", "zh-CN": "客户曾有大额入账。"},
    "SPENDING": {"en": "How she spends speaks for it.", "zh-CN": "客户消费习惯支持该产品。"},
    "ACTIVITY": {
        "en": "How she uses our channels speaks for it.",
        "zh-CN": "客户使用渠道的情况支持该产品。",
    },
    "LIFE_EVENT": {
        "en": "When certain payments began or ended speaks for it.",
        "zh-CN": "客户某些收支开始或结束的时间支持该产品。",
    },
    "VIEWED_PRODUCT": {"en": "She has looked at it.", "zh-CN": "客户浏览过该产品。"},
    "ENQUIRED": {"en": "She has asked about it.", "zh-CN": "客户咨询过该产品。"},
    "PAST_RESPONSE": {
        "en": "What she was offered before, and her answers, speak for it.",
        "zh-CN": "客户以往收到的推荐及其反应支持该产品。",
    },
    "SIMILAR_CUSTOMERS": {
        "en": "Customers like her have taken it.",
        "zh-CN": "相似客户选择了该产品。",
    },
    "POPULAR": {"en": "Many customers take it at present.", "zh-CN": "该产品近期很受欢迎。"},
    "NEXT_STEP": {
        "en": "It often follows what she opened last.",
        "zh-CN": "该产品常是客户下一步的选择。",
    },
}
_TO_CUSTOMER: Mapping[str, Mapping[str, str]] = {
    "LOYAL_CUSTOMER": {
        "en": "Customers who have been with us as long as you take it.",
        "zh-CN": "与您相伴时长相近的客户选择它。",
    },
    "HOLDS_RELATED": {
        "en": "It goes with products you already have.",
        "zh-CN": "与您已有的产品相配。",
    },
    "RECENTLY_ADDED": {
        "en": "It goes with what you opened last.",
        "zh-CN": "与您上次开通的产品相配。",
    },
    "ACTIVITY": {
        "en": "It goes with how you use our services.",
        "zh-CN": "与您使用我行服务的方式相配。",
    },
    "VIEWED_PRODUCT": {"en": "You have looked at it.", "zh-CN": "您浏览过该产品。"},
    "ENQUIRED": {"en": "You have asked about it.", "zh-CN": "您咨询过该产品。"},
    "SIMILAR_CUSTOMERS": {
        "en": "Customers with similar products like it.",
        "zh-CN": "持有相似产品的客户也喜欢它。",
    },
    "POPULAR": {"en": "Many customers take it at present.", "zh-CN": "该产品近期很受欢迎。"},
    "NEXT_STEP": {
        "en": "Many customers take it next.",
        "zh-CN": "许多客户下一步选择它。",
    },
}


def reason_text(code: str, audience: Audience, locale: str) -> str:
    """The sentence for this audience in this locale, else in English."""
    texts = (_TO_CUSTOMER if audience is Audience.CUSTOMER else _TO_AGENT)[code]
    return texts.get(locale) or texts[FALLBACK_LOCALE]
