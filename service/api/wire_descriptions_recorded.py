"""The same of outcomes, and of what is told of decisions on record."""

from __future__ import annotations

OF: dict[str, dict[str, str]] = {
    "OutcomeRequest": {
        "event_id": "The reporter's own id of this event; sent again it counts once.",
        "outcome": "What happened; docs/outcomes.md says what each counts toward.",
        "occurred_at": "When it happened; more than five minutes ahead is rejected, more than 24"
        " hours ago counts when received.",
        "channel": "Where it happened: a channel the bank's policy has.",
        "tracking_token": "Token of the offer; null = decision_id and offer_id name it.",
        "decision_id": "Decision that made the offer; null = tracking_token names it.",
        "offer_id": "The offer; null = tracking_token names it.",
        "reason": "Why she rejected, with reject only; null = not said.",
        "until": "With later, and only then: the date she named, after occurred_at; else null.",
    },
    "OutcomesRequest": {"outcomes": "1 to 500 outcomes; each is answered for itself."},
    "OutcomeAnswer": {
        "event_id": "The id it was sent under.",
        "status": "accepted, duplicate (known: send no more), quarantined (kept until its decision"
        " is found) or rejected (invalid, not kept).",
        "detail": "What is wrong or known; empty when accepted.",
    },
    "OutcomesAnswer": {"results": "One result per outcome, in the order they were sent."},
    "RecordedPlacement": {
        "id": "Name of the placement.",
        "offers": "The offers, best first; may be empty.",
    },
    "RecordedVerdict": {
        "proposed": "true = it was a candidate.",
        "permitted": "true = it was proposed and no rule denied it.",
        "denied_by": "Codes of the rules that denied it, in the order they are asked.",
    },
    "RecordedDecision": {
        "at": "When it was decided, wall-clock time.",
        "locale": "Language the words were in.",
        "context": "What was said about the moment: trigger, intent, device.",
        "principal": "Who asked: the sub of the token; null where not meant for whoever asks.",
        "on_behalf_of": "The agent it was for; null = none, or not meant for whoever asks.",
        "placements": "What every placement got.",
        "verdicts": "Every offer of the catalogue as it was judged; null where not meant for"
        " whoever asks.",
    },
    "DenialAnswer": {
        "code": "Code of the rule.",
        "tier": "consent, eligibility, applicability, suitability or contact_policy.",
        "owner": "Who in the bank answers for the rule.",
        "legal_basis": "What the rule rests on.",
        "text": "What the rule says, in the decision's locale where it is written in it.",
        "seen": "The value the rule saw.",
        "needed": "The value it needs.",
    },
    "WhyNotAnswer": {
        "was_offered": "true = it was offered after all.",
        "first_rule": "Code of the first rule against it; null = no rule is.",
        "rules": "All rules against it, in the order they are asked.",
        "possible_from": "First instant at which all of them could permit, business time; null ="
        " cannot be told, or no rule is against it.",
        "outranked": "Why it was not shown though every rule permits it; null = a rule denies it,"
        " or it was shown.",
        "lowest_shown_priority": "Priority of the last offer shown; null = none, or not meant for"
        " whoever asks.",
    },
    "DifferenceAnswer": {
        "what": "What differs: a rule's code, a number's name, or a part of the answer.",
        "offer_id": "The offer it concerns; null = the decision as a whole.",
        "recorded": "What the record says.",
        "decided": "What came out now.",
    },
    "ReplayAnswer": {
        "equal": "true = the same to the bit.",
        "differences": "What differs; empty when equal.",
    },
}
"""By struct, beside what has the same words everywhere."""
