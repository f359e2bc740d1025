"""Before anything is measured: do the peers do the same work, and all of it?"""

from __future__ import annotations

import dataclasses
import re
import time
from typing import Any

import msgspec
import numpy as np

from benchmarks.bank_shape import OFFERS, PRODUCTS, customer_id
from benchmarks.peers import COMPILED
from benchmarks.questions import DECISIONS_PATH, body, decision_body, path_of
from benchmarks.running_peer import PeerUnusable, RunningPeer
from model_registry.calibration import CALIBRATORS_FILE, Calibrators
from model_registry.home import Home
from model_registry.store import ModelStore
from service.rules import RULES

CUSTOMERS = 20
LEAST_RULES = 15
UNAUTHORISED, ABSENT = 401, 404
PATIENCE_SECONDS = 5.0
TOLERANCE = 1e-6
_MODEL_INFO = re.compile(r"^nbo_model_info\{(.*)\} 1(?:\.0)?$", re.MULTILINE)
_RANKER = re.compile(r'ranker="([^"]*)"')
PLAIN_RANKER = "lightgbm"


def require_full_policy(service: RunningPeer) -> None:
    """`PeerUnusable` unless nobody is answered without a token, and what is on record of a decision
    says that all rules permitted all offers and that all of them were scored.
    """
    bare = dataclasses.replace(service, peer=dataclasses.replace(service.peer, token=""))
    status, _ = bare.ask(DECISIONS_PATH, decision_body(customer_id(0)))
    if status != UNAUTHORISED:
        raise PeerUnusable(f"{service.peer.name} answers {status} to a request without a token")
    if len(RULES) < LEAST_RULES:
        raise PeerUnusable(f"{service.peer.name} judges by {len(RULES)} rules")
    answer = _json(service.ask(DECISIONS_PATH, decision_body(customer_id(0))))
    verdicts = _recorded(service, answer["decision_id"])["verdicts"]
    whole = [it for it in verdicts if it["permitted"] and it["propensity"] is not None]
    if len(verdicts) != OFFERS or len(whole) != OFFERS:
        raise PeerUnusable(
            f"{service.peer.name} recorded {len(verdicts)} offers, {len(whole)} of them scored"
        )


def require_all_offers_scored(service: RunningPeer) -> None:
    """`PeerUnusable` unless all 100 offers are in the catalogue and none of them is withheld."""
    offers = _json(service.ask("/v1/catalogue"))["offers"]
    if len(offers) != OFFERS or {offer["product_id"] for offer in offers} - set(PRODUCTS):
        raise PeerUnusable(f"{service.peer.name} holds {len(offers)} offers, not {OFFERS} scorable")
    for number in range(CUSTOMERS):
        asked = decision_body(customer_id(number), explain=True)
        answer = _json(service.ask(DECISIONS_PATH, asked))
        if answer["served_from"] != "full" or answer["withheld"]:
            raise PeerUnusable(
                f"{service.peer.name} does not score all offers: served_from"
                f" {answer['served_from']}, {len(answer['withheld'])} withheld"
            )


def require_same_scores(service: RunningPeer, naive: RunningPeer, home: Home) -> int:
    """How many scores were compared; `PeerUnusable` unless (b)'s calibrated are the service's."""
    store = ModelStore(home)
    calibrators = Calibrators.from_bytes(store.open(store.newest()).file(CALIBRATORS_FILE))
    compared = 0
    for number in range(CUSTOMERS):
        explained = decision_body(customer_id(number), explain=True)
        ours = _scores(_json(service.ask(DECISIONS_PATH, explained)))
        asked = body("naive", customer_id(number))
        theirs = _json(naive.ask(path_of("naive"), asked))["offers"]
        for offer in theirs:
            if offer["offer_id"] not in ours:
                continue  # calibration may order the best five differently
            code = np.array([PRODUCTS.index(offer["product_id"])])
            honest = calibrators.apply(np.array([offer["propensity"]]), code)[0]
            compared += 1
            if abs(honest - ours[offer["offer_id"]]) > TOLERANCE:
                raise PeerUnusable(
                    f"{service.peer.name} and {naive.peer.name} score {offer['offer_id']}"
                    f" differently: {ours[offer['offer_id']]} and {honest}"
                )
    if not compared:
        raise PeerUnusable("no score of (b) and (d) could be compared")
    return compared


def ranker_in_use(service: RunningPeer) -> str | None:
    """What `/metrics` says scores; None when it does not say."""
    _, text = service.ask("/metrics")
    info = _MODEL_INFO.search(text.decode())
    ranker = _RANKER.search(info[1]) if info else None
    return ranker[1] if ranker else None


def why_unusable(service: RunningPeer) -> str | None:
    """Why this variant must not be measured under its name; None when it may."""
    ranker = ranker_in_use(service)
    if service.peer.name == COMPILED:
        if ranker in (None, PLAIN_RANKER):
            return f"no compiled ranker in use (/metrics says {ranker})"
        return None
    return None if ranker in (None, PLAIN_RANKER) else f"/metrics says the ranker is {ranker}"


def _recorded(service: RunningPeer, decision_id: str) -> dict[str, Any]:
    """A record can be read a moment after its answer was given."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answered = service.ask(f"{DECISIONS_PATH}/{decision_id}")
        if answered[0] != ABSENT or time.monotonic() > deadline:
            return _json(answered)
        time.sleep(0.05)


def _scores(answer: dict[str, Any]) -> dict[str, float]:
    return {
        offer["offer_id"]: offer["propensity"]
        for placement in answer["placements"]
        for offer in placement["offers"]
    }


def _json(answered: tuple[int, bytes]) -> dict[str, Any]:
    status, content = answered
    if status != 200:
        raise PeerUnusable(f"status {status} instead of 200: {content[:200].decode()}")
    document: dict[str, Any] = msgspec.json.decode(content)
    return document
