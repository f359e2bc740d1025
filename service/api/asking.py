"""From the bytes of a request to an `Ask` the engine can trust; every refusal names its field."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import msgspec

from service.api.allowed_values import allowed_values
from service.api.wire import ContextRequest, DecisionRequest, PlacementRequest
from service.domain.catalogue import Catalogue
from service.domain.principal import LOCAL, Principal, Visibility
from service.domain.reasons import Audience
from service.domain.situation import Ask, Placement
from service.errors import RequestInvalid
from service.use_cases.commit_decision import AnswerSlot
from service.use_cases.decision_command import DecisionCommand
from service.use_cases.decision_records import OnBehalfOf
from service.use_cases.edition import Edition

DIGEST_BYTES = 16
NOTHING = Visibility()
MOST_ECHOED = 64
"""Characters of what a client sent that an error repeats to it."""
Asked = TypeVar("Asked")
_CONTEXT = ContextRequest.__struct_fields__
_DECODER = msgspec.json.Decoder(DecisionRequest)
# Greedy: only the last " - at " is msgspec's own, an earlier one is what the client wrote.
_COMPLAINT = re.compile(
    r"^(?P<what>.*)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)$|^(?P<whole>.*)$", re.DOTALL
)
_FIELD = re.compile(r"(?:unknown|missing required) field `(.*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


def decode_request(body: bytes) -> DecisionRequest:
    """The request; `RequestInvalid` points at the first field that breaks the contract."""
    return decoded(body, _DECODER)


def decoded(body: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[Asked]) -> Asked:
    """What the body says; `RequestInvalid` points at the first field that breaks the contract."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _breach(str(error), decoder.type) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RequestInvalid("the body is no JSON object in UTF-8: send one") from None


def faults_of(
    entries: Iterable[msgspec.Raw], decoder: msgspec.json.Decoder[Asked], *, at: str
) -> Iterator[RequestInvalid]:
    """The first fault of each entry of the list at this pointer that breaks the contract."""
    for place, entry in enumerate(entries):
        try:
            decoded(entry, decoder)
        except RequestInvalid as fault:
            yield RequestInvalid(str(fault), pointer=f"{at}/{place}{fault.pointer}")


def to_command(
    request: DecisionRequest,
    edition: Edition,
    *,
    principal: Principal = LOCAL,
    visible: Visibility = NOTHING,
    audience: Audience | None = None,
) -> DecisionCommand:
    """The command for this edition; `RequestInvalid` where its catalogue knows no such channel or
    place. With an `audience` the winners come with their reasons.
    """
    catalogue = edition.catalogue
    if request.customer_id != request.customer_id.strip() or not request.customer_id.isprintable():
        detail = "surrounding blanks or control characters: send the id as the bank writes it"
        raise RequestInvalid(detail, pointer="/customer_id")
    channels = catalogue.policy.channels
    if request.channel not in channels:
        raise _unknown("channel", request.channel, channels, pointer="/channel")
    context = request.context or ContextRequest()
    ask = Ask(
        channel=request.channel,
        placements=_placements(request.placements, channels[request.channel].placements),
        locale=_locale(request.locale, catalogue),
        trigger=context.trigger,
        intent=context.intent,
        context={name: value for name in _CONTEXT if (value := getattr(context, name)) is not None},
    )
    agent = request.on_behalf_of
    return DecisionCommand(
        request.customer_id,
        ask,
        is_dry_run=request.mode == "dry_run",
        request_id=request.request_id or "",
        slot=_slot(request, principal, visible) if request.request_id else None,
        principal=principal.subject,
        on_behalf_of=OnBehalfOf(agent.agent_id, agent.call_id) if agent else None,
        audience=audience,
        edition=edition,
    )


def _slot(request: DecisionRequest, principal: Principal, visible: Visibility) -> AnswerSlot:
    """Where the answer to this request id is kept, and what it was asked for: the whole request,
    however it was written, and what of the answer may be seen.
    """
    return AnswerSlot(_digest((principal.subject, request.request_id)), _digest((request, visible)))


def _digest(named: object) -> bytes:
    return hashlib.blake2b(msgspec.json.encode(named), digest_size=DIGEST_BYTES).digest()


def _placements(
    asked: list[PlacementRequest] | None, own: Mapping[str, int]
) -> tuple[Placement, ...]:
    if asked is None:
        return tuple(Placement(name, limit) for name, limit in own.items())
    seen: set[str] = set()
    for place, placement in enumerate(asked):
        pointer = f"/placements/{place}/id"
        if placement.id not in own:
            raise _unknown("placement", placement.id, own, pointer=pointer)
        if placement.id in seen:
            raise RequestInvalid(f"placement {placement.id!r} stands twice", pointer=pointer)
        seen.add(placement.id)
    return tuple(Placement(p.id, p.limit or own[p.id]) for p in asked)


def _locale(asked: str, catalogue: Catalogue) -> str:
    """The catalogue's locale that was asked for, one of the same language, or the fallback.

    A language nobody wrote for never costs the customer her answer.
    """
    if asked in catalogue.locales:
        return asked
    same_language = (it for it in catalogue.locales if _language(it) == _language(asked))
    return next(same_language, catalogue.fallback_locale)


def _language(locale: str) -> str:
    return locale.replace("_", "-").partition("-")[0].lower()


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """What to say of a name the bank does not have: which ones it has."""
    return f"unknown {kind} {name[:MOST_ECHOED]!r}: use one of {', '.join(known)}"


def _unknown(kind: str, name: str, known: Iterable[str], *, pointer: str) -> RequestInvalid:
    return RequestInvalid(unknown_name(kind, name, known), pointer=pointer)


def _breach(message: str, asked: type) -> RequestInvalid:
    """msgspec's complaint, its path turned into a JSON pointer that includes the field it names;
    where it is about one of a few values, with all of them.
    """
    match = _COMPLAINT.match(message)
    assert match
    what = match["whole"] if match["what"] is None else match["what"]
    steps = [name or index for name, index in _STEP.findall(match["path"] or "")]
    if field := _FIELD.search(what):
        steps.append(field[1])
    escaped = (step[:MOST_ECHOED].replace("~", "~0").replace("/", "~1") for step in steps)
    pointer = "".join(f"/{step}" for step in escaped)
    detail = what[: 2 * MOST_ECHOED]
    if what.startswith("Invalid enum value"):
        detail = f"{detail}: use one of {', '.join(allowed_values(asked, steps))}"
    return RequestInvalid(detail, pointer=pointer)
