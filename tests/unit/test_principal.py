"""What a principal may ask, for whom, and what of the answer it sees."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.domain.principal import (
    LOCAL,
    AccessScope,
    CallGrant,
    Principal,
    PrincipalKind,
    Visibility,
)
from service.errors import NotAuthorised

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
CALLS = (
    CallGrant("c-1", "ann", LATER),
    CallGrant("c-2", "bob", LATER),
    CallGrant("c-0", "eve", NOW),
)


def principal(*scopes: str, kind: str = "service", **rest: Any) -> Principal:
    return Principal("A17", PrincipalKind(kind), frozenset(map(AccessScope, scopes)), **rest)


AGENT = principal("agent", kind="agent", calls=CALLS)
APP = principal("decide")
ANN = principal("customer", kind="customer", customer_id="ann")
ANALYST = principal("analyst")


def why_not(who: Principal, customer_id: str = "ann", **asked: Any) -> str:
    with pytest.raises(NotAuthorised) as refused:
        who.require_decision(customer_id, now=NOW, **asked)
    assert customer_id not in str(refused.value)
    return str(refused.value)


def test_who_needs_no_token_may_do_everything() -> None:
    LOCAL.require_decision("anybody", now=NOW, agent_id="any")
    LOCAL.require(AccessScope.KILL)
    assert LOCAL.may_see("anybody", now=NOW)
    assert LOCAL.visibility(explain=False, on_behalf_of=False) == Visibility(True, True, True)
    assert LOCAL.visibility(explain=True, on_behalf_of=False).withheld
    assert LOCAL.visibility(explain=False, on_behalf_of=True).withheld


@pytest.mark.parametrize("scope", list(AccessScope))
def test_a_scope_lets_in_where_it_is_asked_for_and_its_lack_is_named(scope: AccessScope) -> None:
    principal(scope).require(scope)
    others = [other for other in AccessScope if other is not scope]
    principal(scope).require(others[0], scope)
    with pytest.raises(NotAuthorised, match=f"lacks the scope {scope}$") as refused:
        principal(*others).require(scope)
    assert refused.value.scope == scope


def test_a_channel_may_decide_for_all_and_a_customer_for_herself() -> None:
    APP.require_decision("ann", now=NOW)
    APP.require_decision("bob", now=NOW, agent_id="whoever", call_id="c")
    ANN.require_decision("ann", now=NOW)
    assert why_not(ANN, "bob") == "the token is bound to another customer"
    assert (ANN.may_see("ann", now=NOW), ANN.may_see("bob", now=NOW)) == (True, False)
    assert APP.may_see("bob", now=NOW)


@pytest.mark.parametrize("scope", ["outcomes", "kill", "replay", "audit"])
def test_other_scopes_do_not_decide(scope: str) -> None:
    assert "decide or customer or agent" in why_not(principal(scope))
    assert "decide" in why_not(principal(scope), is_dry_run=True)


def test_an_analyst_tries_decisions_but_takes_nothing_from_a_customers_caps() -> None:
    ANALYST.require_decision("ann", now=NOW, is_dry_run=True)
    assert why_not(ANALYST).endswith("decide or customer or agent, or send mode: dry_run")
    assert "dry_run" not in why_not(principal("audit"))


def test_an_agent_asks_in_a_call_she_is_granted() -> None:
    AGENT.require_decision("ann", now=NOW, agent_id="A17", call_id="c-1")
    assert AGENT.may_see("bob", now=NOW)
    assert not AGENT.may_see("bob", now=LATER)
    assert not AGENT.may_see("zoe", now=NOW)


def test_an_agent_bound_to_a_customer_still_needs_a_call_with_her() -> None:
    bound = principal("agent", kind="agent", customer_id="ann")
    assert not bound.may_see("ann", now=NOW)
    in_call = principal("agent", kind="agent", customer_id="ann", calls=CALLS)
    assert (in_call.may_see("ann", now=NOW), in_call.may_see("bob", now=NOW)) == (True, False)


@pytest.mark.parametrize(
    ("customer", "asked", "says"),
    [
        ("ann", {}, "send on_behalf_of"),
        ("ann", {"agent_id": "A18", "call_id": "c-1"}, "agent_id is not the sub"),
        ("ann", {"agent_id": "A17"}, "call_id is missing"),
        ("ann", {"agent_id": "A17", "call_id": "c-9"}, "grants no such call"),
        ("ann", {"agent_id": "A17", "call_id": "c-2"}, "for another customer"),
        ("eve", {"agent_id": "A17", "call_id": "c-0"}, "the call is over"),
    ],
)
def test_an_agent_without_the_right_call_is_told_what_is_missing(
    customer: str, asked: dict[str, Any], says: str
) -> None:
    assert says in why_not(AGENT, customer, **asked)
    assert says in why_not(AGENT, customer, **asked, is_dry_run=True)


def test_a_token_for_several_roles_is_held_to_the_strictest() -> None:
    both = principal("agent", "decide", "analyst", kind="agent", calls=CALLS)
    assert "send on_behalf_of" in why_not(both)
    bound = principal("agent", kind="agent", calls=CALLS, customer_id="bob")
    assert "another customer" in why_not(bound, agent_id="A17", call_id="c-1")


def test_the_app_sees_the_offer_the_agent_its_reasons_and_the_analyst_the_numbers() -> None:
    for explain in (False, True):
        for on_behalf_of in (False, True):
            asked = {"explain": explain, "on_behalf_of": on_behalf_of}
            assert APP.visibility(**asked) == Visibility()
            assert ANN.visibility(**asked) == Visibility()
            assert AGENT.visibility(**asked) == Visibility(False, True, True, True)
    everything = Visibility(True, True, True, True)
    assert ANALYST.visibility(explain=True, on_behalf_of=False) == everything
    assert ANALYST.visibility(explain=False, on_behalf_of=False) == Visibility()
