"""The record a running bank leaves: its chains hold, a decision can be taken out of it, and the
contact histories can be made from it again.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from redis import Redis

from feature_repo.contact_layout import ContactEvent, Entries, contact_key
from nbo.embedded_redis import embedded_redis
from tests.e2e.served_demo import BANK, ServedDemo, shown

TOLD = ("impression", "click", "accept")


def test_the_chains_of_a_running_bank_hold(demo_bank: ServedDemo) -> None:
    for number in range(10):
        demo_bank.decide(f"C{number:07d}")
    verified = demo_bank.installation.run_json("audit", "verify")
    assert verified["is_intact"]
    assert verified["first_bad"] is None
    served = [it for it in verified["writers"] if it["records"]]
    assert served
    assert {it["status"] for it in served} == {"intact"}
    kinds = verified["kinds"]
    loaded = demo_bank.installation.run_json("events", "list", "--kind", "import")
    assert len(loaded) == kinds["import"]
    assert all(f"bank {BANK}: " in it["what"] for it in loaded)
    assert min(kinds[kind] for kind in ("decision", "catalogue", "model", "import")) > 0


def test_one_decision_is_exported_with_the_proof_of_its_place(
    demo_bank: ServedDemo, tmp_path: Path
) -> None:
    answer = demo_bank.decide("C0000100")
    offer = min(shown(answer))
    demo_bank.report(answer, offer, "impression")
    file = tmp_path / "decision.json"
    identity = answer["decision_id"]
    demo_bank.installation.run("audit", "export", identity, "--out", str(file))
    document = json.loads(file.read_text(encoding="utf-8"))
    assert document["versions"] == answer["versions"]
    in_force = {kind: it["payload"] for kind, it in document["in_force"].items()}
    assert in_force["catalogue"]["catalogue"] == answer["versions"]["catalogue"]
    assert in_force["catalogue"]["policy"] == answer["versions"]["policy"]
    assert in_force["model"]["model"] == answer["versions"]["model"]
    (record,) = document["records"]
    assert record["payload"]["inputs"]["customer_id"] == "C0000100"
    offered = {name for _, names, _ in record["payload"]["outputs"]["slates"] for name in names}
    assert offered == shown(answer)
    proof = record["proof"]
    parts = [proof["previous_h"], proof["writer"].encode().hex(), f"{proof['seq']:016x}"]
    chained = hashlib.sha256(bytes.fromhex("".join([*parts, proof["payload_digest"]])))
    assert proof["h"] == chained.hexdigest()
    assert proof["problem"] is None


def test_contact_histories_are_made_again_from_the_record(demo_bank: ServedDemo) -> None:
    for number in range(101, 111):
        answer = demo_bank.decide(f"C{number:07d}")
        for offer, outcome in zip(sorted(shown(answer)), TOLD, strict=False):
            assert demo_bank.report(answer, offer, outcome)["status"] == "accepted"
    before = demo_bank.histories()
    with embedded_redis(demo_bank.installation.home) as url, Redis.from_url(url) as redis:
        for number in range(101, 106):
            redis.delete(contact_key(BANK, f"C{number:07d}"))
        redis.set(contact_key(BANK, "C0000106"), b"no history")
    told = demo_bank.installation.run_json("contact", "rebuild")
    assert told["bank"] == BANK
    assert told["customers"] == 150
    assert told["logged"] > 0
    after = demo_bank.histories()
    assert after.keys() == before.keys()
    for customer, entries in before.items():
        assert counted(after[customer]) == counted(entries), customer
    assert shown(demo_bank.decide("C0000107"))


def counted(entries: Entries) -> list[bytes]:
    """The entries any cap or cooldown looks at: those of the service lane handed out count for
    none.
    """
    is_counted = entries["is_marketing"].astype(np.bool_)
    is_counted |= entries["event"] != ContactEvent.DECISION
    return sorted(entry.tobytes() for entry in entries[is_counted])
