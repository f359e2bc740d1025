"""Who acts: what a verified token says about whoever asks, and what it lets them do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from service.errors import NotAuthorised


class AccessScope(StrEnum):
    """What a token may allow; other words in its `scope` claim mean nothing here."""

    DECIDE = "decide"
    CUSTOMER = "customer"
    AGENT = "agent"
    ANALYST = "analyst"
    OUTCOMES = "outcomes"
    KILL = "kill"
    REPLAY = "replay"
    AUDIT = "audit"


class PrincipalKind(StrEnum):
    """What sort of actor a principal is."""

    LOCAL = "local"
    CUSTOMER = "customer"
    AGENT = "agent"
    SERVICE = "service"


@dataclass(frozen=True)
class CallGrant:
    """An agent may act for this customer in this call, until it is over."""

    call_id: str
    customer_id: str
    until: datetime


@dataclass(frozen=True)
class Visibility:
    """Which parts of an answer whoever asked may see."""

    numbers: bool = False
    reasons: bool = False
    talk_tracks: bool = False
    withheld: bool = False


@dataclass(frozen=True)
class Principal:
    """Whoever asks; `customer_id` binds it to one customer, None = to nobody in particular."""

    subject: str
    kind: PrincipalKind
    scopes: frozenset[AccessScope]
    customer_id: str | None = None
    calls: tuple[CallGrant, ...] = ()

    def require(self, *any_of: AccessScope) -> None:
        """Nothing when one of these scopes is held, else `NotAuthorised`."""
        if self.scopes.isdisjoint(any_of):
            needed = " or ".join(any_of)
            raise NotAuthorised(f"the token lacks the scope {needed}", scope=any_of[0])

    def require_decision(
        self,
        customer_id: str,
        *,
        now: datetime,
        agent_id: str | None = None,
        call_id: str | None = None,
        is_dry_run: bool = False,
    ) -> None:
        """Nothing when a decision may be asked for this customer, else `NotAuthorised`."""
        if self.kind is PrincipalKind.LOCAL:
            return
        if not (is_dry_run and AccessScope.ANALYST in self.scopes):
            self._require_deciding()
        if self.customer_id not in (None, customer_id):
            raise NotAuthorised("the token is bound to another customer")
        if self.kind is PrincipalKind.AGENT:
            self._require_call(customer_id, agent_id, call_id, now)
        if self.kind is PrincipalKind.CUSTOMER and agent_id is not None:
            raise NotAuthorised("a customer's token acts for no agent: leave on_behalf_of out")

    def may_see(self, customer_id: str, *, now: datetime) -> bool:
        """Whether what was decided for this customer is this principal's business."""
        if self.customer_id not in (None, customer_id):
            return False
        if self.kind is PrincipalKind.AGENT:
            return any(call.customer_id == customer_id and now < call.until for call in self.calls)
        return True

    @property
    def sees_numbers(self) -> bool:
        """Whether what offers are worth, and how likely they are taken, is for this principal."""
        return not self.scopes.isdisjoint((AccessScope.ANALYST, AccessScope.AUDIT))

    @property
    def sees_some_only(self) -> bool:
        """Whether there are customers whose decisions are no business of this principal."""
        return self.customer_id is not None or self.kind is PrincipalKind.AGENT

    def visibility(self, *, explain: bool, on_behalf_of: bool) -> Visibility:
        """What of a decision's answer may be seen.

        Where nobody has to authenticate all is visible; withheld offers where they were asked for.
        """
        if self.kind is PrincipalKind.LOCAL:
            return Visibility(True, True, True, withheld=explain or on_behalf_of)
        if explain and AccessScope.ANALYST in self.scopes:
            return Visibility(True, True, True, True)
        is_agent = self.kind is PrincipalKind.AGENT
        return Visibility(False, reasons=is_agent, talk_tracks=is_agent, withheld=is_agent)

    def _require_deciding(self) -> None:
        try:
            self.require(AccessScope.DECIDE, AccessScope.CUSTOMER, AccessScope.AGENT)
        except NotAuthorised as refused:
            if AccessScope.ANALYST not in self.scopes:
                raise
            raise NotAuthorised(f"{refused}, or send mode: dry_run", scope=refused.scope) from None

    def _require_call(
        self, customer_id: str, agent_id: str | None, call_id: str | None, now: datetime
    ) -> None:
        if agent_id is None:
            raise NotAuthorised("an agent asks in a call: send on_behalf_of with agent_id, call_id")
        if agent_id != self.subject:
            raise NotAuthorised("on_behalf_of.agent_id is not the sub of the token")
        if call_id is None:
            raise NotAuthorised("on_behalf_of.call_id is missing: an agent asks in a call")
        granted = [call for call in self.calls if call.call_id == call_id]
        if not granted:
            raise NotAuthorised("the token grants no such call as on_behalf_of.call_id")
        for_her = [call for call in granted if call.customer_id == customer_id]
        if not for_her:
            raise NotAuthorised("the token grants this call for another customer")
        if all(call.until <= now for call in for_her):
            raise NotAuthorised("the call is over: its grant has ended")


LOCAL = Principal("local", PrincipalKind.LOCAL, frozenset(AccessScope))
"""Whoever asks where nobody has to authenticate."""
