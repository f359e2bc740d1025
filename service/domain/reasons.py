"""Why an offer won, in words: a code per kind of fact, a sentence per audience and locale."""

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
        "en": "She has been with us for long.",
        "zh-CN": "客户与我行关系长久。",
    },
    "INCOME": {"en": "Her income speaks for it.", "zh-CN": "客户收入适合该产品。"},
    "SEGMENT": {"en": "Her segment often takes it.", "zh-CN": "同类客群常选择该产品。"},
    "HOLDS_RELATED": {
        "en": "What she holds goes with it.",
        "zh-CN": "客户已持有的产品与之相配。",
    },
    "HELD_BEFORE": {
        "en": "What she held before speaks for it.",
        "zh-CN": "客户以往持有情况支持该产品。",
    },
    "RECENTLY_ADDED": {
        "en": "She has recently opened something that goes with it.",
        "zh-CN": "客户近期开通了相关产品。",
    },
    "CASH_INFLOW": {
        "en": "More money than usual has come in.",
        "zh-CN": "客户近期资金流入增加。",
    },
    "LARGE_INFLOW": {"en": "A large sum has come in.", "zh-CN": "客户近期有大额入账。"},
    "SPENDING": {"en": "How she spends speaks for it.", "zh-CN": "客户消费习惯支持该产品。"},
    "ACTIVITY": {"en": "She uses our channels often.", "zh-CN": "客户近期使用渠道频繁。"},
    "LIFE_EVENT": {
        "en": "Her payments show that something in her life has changed.",
        "zh-CN": "客户的收支显示生活有变化。",
    },
    "VIEWED_PRODUCT": {"en": "She has looked at it.", "zh-CN": "客户浏览过该产品。"},
    "ENQUIRED": {"en": "She has asked about it.", "zh-CN": "客户咨询过该产品。"},
    "PAST_RESPONSE": {
        "en": "How she took earlier offers speaks for it.",
        "zh-CN": "客户对以往推荐的反应支持该产品。",
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
        "en": "You have been with us for a long time.",
        "zh-CN": "您与我行相伴已久。",
    },
    "HOLDS_RELATED": {
        "en": "It goes with products you already have.",
        "zh-CN": "与您已有的产品相配。",
    },
    "RECENTLY_ADDED": {
        "en": "It goes with what you opened recently.",
        "zh-CN": "与您近期开通的产品相配。",
    },
    "ACTIVITY": {"en": "You use our services often.", "zh-CN": "您经常使用我行服务。"},
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
