"""The same inputs give the same bytes, answer and record, in whatever process they are decided."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import msgspec

from service.api.rendering import Envelope, render
from service.api.tracking_tokens import TrackingTokens
from service.domain.consent import ConsentRecord, ConsentStatus
from service.domain.kill_switches import KillSwitches
from service.domain.principal import Visibility
from service.domain.situation import Ask, Placement
from service.ports import RawReplies
from service.use_cases.deciding import decide_in
from service.use_cases.decision_records import recorded_inputs, recorded_outputs
from tests.fakes import NOW, toy_record
from tests.toy_release import toy_edition, toy_release
from tests.worlds import AS_OF, GROUPS, OFFERS

INTENTS = (None, "borrow")
STOPPED = KillSwitches(offers=frozenset(OFFERS[:3]), groups=frozenset(GROUPS[2:]))
REFUSED = ConsentRecord({"*/display": ConsentStatus.REFUSED, "sms/outbound": ConsentStatus.GIVEN})
ALL = Visibility(reasons=True, talk_tracks=True, numbers=True, withheld=True)


def digest() -> str:
    """Of the answers to, and the records of, a few decisions."""
    found = hashlib.sha256()
    placements = (Placement("login_banner", 1), Placement("home_feed", 3))
    raw = RawReplies((), b"", b"", None)
    for kills in (KillSwitches(), STOPPED):
        edition = replace(toy_edition(toy_release()), kills=kills)
        for consents in (ConsentRecord({}), REFUSED):
            for intent in INTENTS:
                read = replace(toy_record(), consents=consents, raw=raw)
                ask = Ask("mobile_app", placements, "en", trigger="login", intent=intent)
                result = decide_in(edition, read, ask, AS_OF)
                envelope = Envelope("01J", "r", NOW, ALL)
                answer = render(result, envelope, TrackingTokens(b"toy key"))
                found.update(msgspec.json.encode(answer))
                inputs = recorded_inputs("c", result, read, edition_reasons=(), commit_reasons=())
                outputs = recorded_outputs(result.decision, edition.catalogue)
                found.update(msgspec.msgpack.encode((inputs, outputs)))
    return found.hexdigest()


def in_a_process_with(seed: str) -> str:
    """The same, computed by a new process whose sets are ordered by this seed."""
    code = "from tests.unit.test_same_bytes import digest; print(digest())"
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_same_inputs_give_the_same_bytes_in_every_process() -> None:
    with ThreadPoolExecutor() as threads:
        elsewhere = {*threads.map(in_a_process_with, ("0", "1"))}
    assert elsewhere == {digest()} == {digest()}
