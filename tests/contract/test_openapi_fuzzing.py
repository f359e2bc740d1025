"""The documented contract against the running application: requests made up from the document,
good and bad, and answers held against it.
"""

from __future__ import annotations

import copy
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode

from service.api.openapi import build_document
from service.ports import CustomerRecord
from tests.fakes import STRANGER, UNREACHABLE, ToyService, toy_record
from tests.worlds import OFFERS, TOY_POLICY

BOUNDED = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
RESPONSES_OF_DECISIONS = {
    "200", "400", "401", "403", "405", "408", "409", "413", "415", "421", "500", "503",
}  # fmt: skip


class MixedCustomerStore:
    """Somebody known, a stranger, or nobody can tell: by the length of the id."""

    async def read(
        self, customer_id: str, *, within_seconds: float, slot: bytes | None = None
    ) -> CustomerRecord:
        """One of three records."""
        return (toy_record(), STRANGER, UNREACHABLE)[len(customer_id) % 3]


def toy_banks_document() -> dict[str, Any]:
    """The document, narrowed to what the toy bank has: only a bank knows its channels and places,
    and no schema can say that a place stands once or that an id has no blank around it.
    """
    document = copy.deepcopy(build_document())
    schemas = document["components"]["schemas"]
    request = schemas["DecisionRequest"]["properties"]
    channel = "mobile_app"
    request["channel"]["enum"] = [channel]
    request["customer_id"]["pattern"] = "^[A-Za-z0-9-]+$"
    places = [place for place in request["placements"]["anyOf"] if place.get("type") == "array"]
    places[0]["maxItems"] = 1
    own = list(TOY_POLICY.channels[channel].placements)
    schemas["PlacementRequest"]["properties"]["id"] = {"type": "string", "enum": own}
    stop = schemas["KillSwitchRequest"]["properties"]
    stop["scope"], stop["id"] = {"enum": ["offer"]}, {"enum": list(OFFERS)}
    return document


def running(document: dict[str, Any]) -> schemathesis.BaseSchema:
    """The document, asked of a whole service on fakes."""
    schema = schemathesis.openapi.from_dict(document)
    schema.app = ToyService(MixedCustomerStore()).app()
    return schema


TOY_BANK = running(toy_banks_document())
# Narrower than what is refused: only good requests can be made up from it.
TOY_BANK.config.generation.update(modes=[GenerationMode.POSITIVE])


@TOY_BANK.hook("map_body")
def whole_numbers_as_such(_: Any, body: Any) -> Any:
    """A schema takes 3.0 for a whole number; the service asks for it to be written as one."""
    for place in (isinstance(body, dict) and body.get("placements")) or ():
        if isinstance(place.get("limit"), float):
            place["limit"] = int(place["limit"])
    return body


ANY_BANK = running(build_document())
ANY_BANK.config.checks.update(excluded_check_names=["positive_data_acceptance"])


@TOY_BANK.parametrize()
@BOUNDED
def test_what_fits_the_document_is_decided(
    case: schemathesis.Case[Any],
) -> None:
    case.call_and_validate()


@ANY_BANK.parametrize()
@BOUNDED
def test_what_does_not_fit_is_refused_and_every_promise_of_the_document_is_kept(
    case: schemathesis.Case[Any],
) -> None:
    case.call_and_validate()


def test_the_checks_that_matter_are_among_those_made() -> None:
    made = set(CHECKS.get_all_names())
    assert made >= {
        "not_a_server_error", "status_code_conformance", "content_type_conformance",
        "response_schema_conformance", "response_headers_conformance", "negative_data_rejection",
        "positive_data_acceptance", "unsupported_method",
    }  # fmt: skip
    assert GenerationMode.NEGATIVE in ANY_BANK.config.generation.modes


def test_every_answer_a_decision_can_get_is_documented() -> None:
    post = build_document()["paths"]["/v1/decisions"]["post"]
    assert post["responses"].keys() == RESPONSES_OF_DECISIONS
    assert set(post["responses"]["503"]["headers"]) == {"Retry-After"}
    assert set(post["responses"]["405"]["headers"]) == {"Allow"}
