"""What a decision is asked with, and what it is answered with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from service.domain.principal import LOCAL
from service.domain.reasons import Audience
from service.domain.situation import Ask
from service.use_cases.commit_decision import AnswerSlot
from service.use_cases.deciding import DecisionResult
from service.use_cases.decision_records import OnBehalfOf
from service.use_cases.edition import Edition


class DecisionCommand(Struct, frozen=True):
    """Who asks about whom, and what; a dry run reserves, counts and records nothing. `slot` is None
    where the client chose no request id; with an `audience` the winners come with their reasons.
    """

    customer_id: str
    ask: Ask
    is_dry_run: bool = False
    request_id: str = ""
    slot: AnswerSlot | None = None
    principal: str = LOCAL.subject
    on_behalf_of: OnBehalfOf | None = None
    audience: Audience | None = None
    edition: Edition | None = None
    """What the request was checked against; None = whatever is in use."""


class Identity(Struct, frozen=True):
    """What names a decision."""

    decision_id: str
    request_id: str
    now: datetime


Compose = Callable[[DecisionResult, Identity], bytes]
"""Words a decision as the bytes of its answer."""


class Answered(Struct, frozen=True):
    """The bytes to send, and the decision in them; None when they are an answer given before."""

    content: bytes
    identity: Identity
    result: DecisionResult | None
