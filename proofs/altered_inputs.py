"""A recorded decision with one of its inputs altered: what its replay then says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np

from feature_repo.contact_layout import ENTRY, ContactEvent, encode_contacts, name_key
from feature_repo.online_layout import FLOAT_HEADER, ConsentStatus, encode_consents, feast_field
from model_registry.home import Home
from service.adapters.catalogue_archive import CatalogueArchive
from service.adapters.customer_decoder import CustomerDecoder
from service.adapters.event_log import EventBook
from service.adapters.model_releases import ModelReleases
from service.adapters.past_editions import PastEditionFiles
from service.domain.ulid import ulid_bytes
from service.use_cases.decision_records import DecisionRecord, RecordedInputs, decode_record
from service.use_cases.replay_decision import RecordedDecisions, differences
from tests.fake_memory import MemoryLog

LONG_AGO = timedelta(days=400)


def altered_replays(home: Home, decision_id: str) -> Mapping[str, int]:
    """How many differences the replay tells, by what was altered; unaltered it must tell none."""
    identity = home.bank()
    decoder = CustomerDecoder(identity.bank, tuple(identity.product_vocabulary))
    record = _record(home, decision_id)
    editions = PastEditionFiles(
        CatalogueArchive(home),
        ModelReleases(home, identity, prefers_compiled=True, tries_first=False),
        tuple(identity.product_vocabulary),
    )
    decisions = RecordedDecisions(MemoryLog(), editions, decoder)

    def told(inputs: RecordedInputs) -> int:
        again = decisions.again(msgspec.structs.replace(record, inputs=inputs))
        return len(differences(asyncio.run(again)))

    if told(record.inputs):
        raise RuntimeError("the record differs from its replay before anything is altered")
    alterations = _alterations(record, identity.bank, decoder)
    return {
        name: told(msgspec.structs.replace(record.inputs, **{name.split(":")[0]: value}))
        for name, value in alterations.items()
    }


def _record(home: Home, decision_id: str) -> DecisionRecord:
    found = EventBook(home.root / "log").find(ulid_bytes(decision_id) or b"")
    if found is None or found.payload is None:
        raise RuntimeError(f"decision {decision_id} is not in the log of {home.root}")
    return decode_record(found.payload)


def _alterations(record: DecisionRecord, bank: str, decoder: CustomerDecoder) -> dict[str, Any]:
    inputs = record.inputs
    # The last of a slate: a service leads it, which neither caps nor cooldowns are about.
    offer = next(offers[-1] for _, offers, _ in record.outputs.slates if offers)
    rejected = np.zeros(1, dtype=ENTRY)
    rejected["at"], rejected["offer"] = inputs.as_of.timestamp() - 60.0, name_key(offer)
    rejected["event"], rejected["is_marketing"] = ContactEvent.REJECT, True
    place = decoder.reader.fields.index(feast_field("customer_profile", "income_monthly"))
    poor, unread = list(inputs.values), list(inputs.values)
    poor[place] = FLOAT_HEADER + np.float32(1.0).tobytes()
    unread[place] = b"damaged"
    customer = inputs.customer_id
    refused: dict[str, ConsentStatus] = {"*/display": "refused"}
    return {
        "values:income": poor,
        "values:damaged": unread,
        "values:none": [None] * len(inputs.values),
        "consents": encode_consents(bank, customer, refused),
        "consents:none": None,
        "contacts": encode_contacts(bank, customer, rejected),
        "contacts:none": None,
        "as_of": inputs.as_of - LONG_AGO,
        "kills": {"offers": [offer]},
        "kills:model": {"models": [record.versions.model]},
        "refused": [offer],
        "context": {"trigger": "complaint"},
        "placements": [(place_id, 20) for place_id, _ in inputs.placements],
        "is_loaded": False,
        "is_reachable": False,
        "edition_reasons": ["model_missing"],
        "commit_reasons": ["commit_unreachable"],
    }
