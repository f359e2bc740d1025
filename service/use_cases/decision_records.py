"""What is written down of every decision: each input it was made from, and what came of it.

The inputs are what a replay decides again from; the rest is only compared (SEMANTICS: decision
record and replay). Arrays are packed: verdicts one bit per rule and offer, numbers little-endian.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from service.domain.catalogue import Catalogue
from service.domain.columns import Floats, Mask
from service.domain.decision import Decision, NoOfferReason, Rung
from service.domain.kill_switches import KillSwitches
from service.domain.situation import Ask, Placement
from service.errors import RecordUnreadable
from service.ports import CustomerRecord, Versions
from service.use_cases.deciding import DecisionResult
from service.use_cases.payload import pack, unpack


class OnBehalfOf(Struct, frozen=True):
    """The agent and the call a decision was asked for in."""

    agent_id: str
    call_id: str | None


class RecordedInputs(Struct, frozen=True, kw_only=True):
    """Everything the engine saw: the store's raw values, the request, the instant, the switches."""

    customer_id: str
    channel: str
    placements: list[tuple[str, int]]
    locale: str
    context: dict[str, str]
    as_of: datetime
    is_reachable: bool
    is_loaded: bool
    values: list[bytes | None]
    consents: bytes | None
    contacts: bytes | None
    kills: dict[str, list[str]]
    refused: list[str]
    edition_reasons: list[str]
    commit_reasons: list[str]


class RecordedOutputs(Struct, frozen=True, kw_only=True):
    """What was decided; `verdicts` is bits[rules × offers], numbers are float64 per offer."""

    rules: list[str]
    proposed: bytes
    verdicts: bytes
    scorer: str
    propensity: bytes
    factors: dict[str, bytes]
    served_from: Rung
    degraded_reasons: list[str]
    slates: list[tuple[str, list[str], NoOfferReason | None]]


class DecisionRecord(Struct, frozen=True, kw_only=True):
    """One decision, as the log keeps it."""

    format: int = 1
    decision_id: str
    request_id: str
    at: datetime
    principal: str
    on_behalf_of: OnBehalfOf | None
    arm: str
    versions: Versions
    offers: int
    latency_us: int
    inputs: RecordedInputs
    outputs: RecordedOutputs


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(DecisionRecord)


def encode_record(record: DecisionRecord) -> bytes:
    """The record as bytes."""
    return pack(_ENCODER.encode(record))


def decode_record(payload: bytes) -> DecisionRecord:
    """The record in these bytes; `RecordUnreadable` when there is none."""
    try:
        return _DECODER.decode(unpack(payload))
    except ValueError as error:  # also what msgspec raises
        raise RecordUnreadable(f"this version cannot read the decision's record: {error}") from None


def recorded_inputs(
    customer_id: str,
    result: DecisionResult,
    record: CustomerRecord,
    *,
    edition_reasons: tuple[str, ...],
    commit_reasons: tuple[str, ...],
) -> RecordedInputs:
    """What the decision was made from, as the store itself said it."""
    situation, raw = result.situation, record.raw
    ask = situation.ask
    ids = situation.catalogue.offer_ids
    return RecordedInputs(
        customer_id=customer_id,
        channel=ask.channel,
        placements=[(placement.id, placement.limit) for placement in ask.placements],
        locale=ask.locale,
        context=dict(ask.context),
        as_of=situation.as_of,
        is_reachable=record.reachable,
        is_loaded=record.is_loaded,
        values=list(raw.values) if raw else [],
        consents=raw.consents if raw else None,
        contacts=raw.contacts if raw else None,
        kills=_kills_in_words(situation.kills),
        refused=[ids[row] for row in sorted(situation.refused)],
        edition_reasons=list(edition_reasons),
        commit_reasons=list(commit_reasons),
    )


def recorded_outputs(decision: Decision, catalogue: Catalogue) -> RecordedOutputs:
    """What came of it."""
    ids = catalogue.offer_ids
    return RecordedOutputs(
        rules=list(decision.rule_codes),
        proposed=_bits(decision.proposed),
        verdicts=_bits(decision.verdicts),
        scorer=decision.scorer,
        propensity=_numbers(decision.propensity),
        factors={name: _numbers(factor) for name, factor in decision.factors.items()},
        served_from=decision.rung,
        degraded_reasons=list(decision.degraded_reasons),
        slates=[
            (slate.placement_id, [ids[row] for row in slate.rows], slate.no_offer_reason)
            for slate in decision.slates
        ],
    )


def recorded_ask(inputs: RecordedInputs) -> Ask:
    """What was asked."""
    return Ask(
        channel=inputs.channel,
        placements=tuple(Placement(name, limit) for name, limit in inputs.placements),
        locale=inputs.locale,
        trigger=inputs.context.get("trigger"),
        intent=inputs.context.get("intent"),
        context=inputs.context,
    )


def recorded_kills(inputs: RecordedInputs) -> KillSwitches:
    """What was stopped."""
    return KillSwitches(**{scope: frozenset(names) for scope, names in inputs.kills.items()})


def _kills_in_words(kills: KillSwitches) -> dict[str, list[str]]:
    scopes = ("offers", "groups", "models", "channels")
    return {scope: sorted(names) for scope in scopes if (names := getattr(kills, scope))}


def _bits(flags: Mask | NDArray[np.bool_]) -> bytes:
    return np.packbits(flags).tobytes()


def _numbers(column: Floats) -> bytes:
    return column.astype("<f8", copy=False).tobytes()
