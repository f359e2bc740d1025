"""What every property of the wire means, for the OpenAPI document: one sentence each, with units,
allowed values and when it is null. A test sees that none is missing and none is left over.
"""

from __future__ import annotations

COMMON: dict[str, str] = {
    "as_of": "The business time decided at, which dates of rules refer to: the data's own where"
    " the history ends in the past.",
    "catalogue": "Version of the offers and their wordings.",
    "channel": "Channel the decision was for.",
    "context_weight": "C: factor of trigger and intent, 0.5 to 2; null where not meant for whoever"
    " asks, or not known.",
    "decision_id": "ULID of the decision; it finds the record, and outcomes name it.",
    "degraded_reasons": "What was missing, such as features_missing or view_stale:product_holdings;"
    " empty = nothing. docs/degraded_reasons.md lists all, and when asking again soon helps.",
    "detail": "What there is to know about it, for people; never personal data.",
    "lever": "L: the bank's push (> 1) or brake (< 1), 0.5 to 2; null where not meant for whoever"
    " asks, or not known.",
    "offer_id": "Id of the offer in the catalogue.",
    "offer_version": "Version of the offer's terms, a whole number that grows.",
    "policy": "Version of the bank's policy.",
    "possible_from": "First instant at which it could be permitted, business time; null = cannot be"
    " told.",
    "priority": "P × C × V × L, the order of the offers; null where not meant for whoever asks, or"
    " not scored.",
    "product_id": "Product the offer promotes.",
    "propensity": "P: probability from 0 to 1 that she takes it; null where not meant for whoever"
    " asks, or not scored.",
    "rank": "Place in its placement, 1 = best.",
    "reasons": "Why the offer won, at most four, strongest first; empty where not asked for, or not"
    " meant for whoever asks.",
    "request_id": "The request id the client sent, else one made for it.",
    "served_from": "How much the answer could rest on, best first: full, stale, context_only,"
    " segment_prior, static, no_offer.",
    "value": "V: worth of one acceptance, in the catalogue's currency; null where not meant for"
    " whoever asks.",
    "versions": "The versions the decision was made under.",
    "no_offer_reason": "Why the placement stays empty; null when it holds offers.",
    "agent_id": "The agent; with a token of the scope agent its sub.",
    "call_id": "The call; null = not said, which a token of the scope agent may not do.",
    "arm": "Arm of the experiment the customer is in, such as champion.",
}
"""By property, wherever the struct has no words of its own for it."""

OF: dict[str, dict[str, str]] = {
    "PlacementRequest": {
        "id": "Name of a placement of the channel, as GET /v1/catalogue lists them.",
        "limit": "At most so many offers, 1 to 20; null = the channel's own limit.",
    },
    "ContextRequest": {
        "trigger": "Why now, such as login or call; null = unknown.",
        "intent": "What the customer wants, such as mortgage; null = unknown.",
        "device": "What she holds, such as ios; null = unknown.",
    },
    "DecisionRequest": {
        "customer_id": "The customer's id as the bank writes it.",
        "channel": "Channel that asks; one the bank's policy has.",
        "placements": "Places to fill, 1 to 10, each once; null = all of the channel.",
        "context": "What is known about the moment; null = nothing.",
        "locale": "Language of the words, such as en; else the nearest the catalogue has.",
        "on_behalf_of": "The agent who asks, and the call; null = no agent.",
        "mode": "live, or dry_run: reserves, counts and records nothing.",
        "explain": "true = also tell reasons and withheld offers, as far as whoever asks may see.",
        "request_id": "Chosen by the client, one per caller and customer: for ten minutes the same"
        " request under it gets the same bytes (unless an offer in them was stopped since), another"
        " one 409; null = none.",
    },
    "CallToActionAnswer": {
        "label": "The words on the button.",
        "deep_link": "Where it leads.",
    },
    "TreatmentAnswer": {
        "locale": "The locale these words are written in: the one asked for, or the nearest.",
        "title": "The headline.",
        "body": "The text.",
        "call_to_action": "The button; null = there is none, or the channel has none.",
        "image_url": "Address of a picture; null = none.",
        "disclosure": "What the law wants said beside the offer; null = nothing.",
        "talk_track": "One line for the agent to say; null = none, or not meant for whoever asks.",
    },
    "Reason": {
        "code": "Code of the reason, such as RECENT_SALARY.",
        "text": "The reason in words for whoever asks.",
    },
    "OfferAnswer": {
        "treatment": "The offer in words.",
        "tracking_token": "Signed, opaque: names decision and offer where outcomes are reported.",
        "selection_probability": "Probability of being shown here, 0 to 1; null where not exact, or"
        " not meant for whoever asks.",
    },
    "PlacementAnswer": {
        "id": "Name of the placement.",
        "offers": "The offers, best first; may be empty.",
    },
    "WithheldOffer": {
        "first_rule": "Code of the first rule that denies it.",
        "rules": "Codes of all rules that deny it, in the order they are asked.",
        "text": "What the first rule says, in the request's locale where it is written in it.",
    },
    "VersionsAnswer": {
        "model": "Bundle in use; null = decided without a model.",
        "contract": "Digest of the feature contract.",
    },
    "DecisionAnswer": {
        "placements": "One entry per placement asked for, in that order.",
        "withheld": "Offers that rules withheld; null unless explain or an agent asked for them and"
        " may see them.",
        "expires_at": "Show no offer after this instant: ten minutes from now.",
    },
    "RejectReasonInWords": {
        "code": "The reason as outcomes name it.",
        "text": "The words by locale.",
    },
    "CatalogueOffer": {
        "group": "Group of offers that compete for places.",
        "value": "What one acceptance is worth, in the catalogue's currency; null where not meant"
        " for whoever asks.",
        "lever": "The bank's push (> 1) or brake (< 1), 0.5 to 2; null where not meant for whoever"
        " asks.",
        "channels": "Channels it is made in.",
        "lane": "mandatory, service or marketing; no cap counts the first two.",
        "killed": "true = the catalogue itself has it never offered.",
        "title": "Its titles by locale.",
    },
    "CatalogueAnswer": {
        "currency": "ISO 4217 code of all values.",
        "channels": "Per channel its placements with their default limits.",
        "offers": "All offers, in business order.",
        "reject_reasons": "What a customer may give as reason for a reject.",
    },
    "ModelAnswer": {
        "model": "Id of the bundle.",
        "champion": "true = this bundle is promoted.",
        "in_use": "true = the worker that answers decides with it.",
    },
    "ModelsAnswer": {"models": "All bundles, oldest first."},
    "CheckAnswer": {
        "name": "What is checked, such as catalogue, model, store_policy, features.",
        "passed": "true = it holds.",
    },
    "LiveAnswer": {"status": "Always live."},
    "ReadyAnswer": {
        "checks": "Every check that had to pass.",
        "status": "Always ready; not ready is a problem with 503.",
    },
    "Fault": {
        "pointer": "JSON pointer of the field at fault, or of the entry.",
        "detail": "What is wrong with it and what to do; never personal data.",
    },
    "Problem": {
        "type": "Which kind of problem, as an address relative to this service.",
        "title": "The kind in words.",
        "status": "The HTTP status again.",
        "detail": "What is wrong with this request and what to do; never personal data.",
        "pointer": "JSON pointer of the field at fault; absent or null = no one field.",
        "errors": "Entries of the batch that are at fault, at most 50, each with its first fault;"
        " absent or null = none of them is.",
        "checks": "What is and is not ready; absent or null but from /health/ready.",
    },
    "KillSwitchRequest": {
        "scope": "What is stopped: offer, group, model or channel.",
        "id": "Its name; an unknown one is answered with the known ones.",
        "active": "true = stop, false = let go on.",
        "reason": "Why, for the record, at most 500 characters.",
    },
    "KillSwitchAnswer": {
        "scope": "What is stopped: offer, group, model or channel.",
        "id": "Its name.",
        "reason": "Why, as it was said.",
        "principal": "Who said so: the sub of the token.",
        "since": "Since when, wall-clock time.",
    },
    "KillSwitchesAnswer": {
        "version": "Grows with every change.",
        "switches": "Everything that is stopped.",
    },
    "KillSwitchSetAnswer": {
        "scope": "What was set: offer, group, model or channel.",
        "id": "Its name.",
        "active": "true = stopped now, false = lifted.",
        "reason": "Why, as it was said.",
        "version": "Grows with every change.",
        "switches": "Everything that is stopped now.",
    },
}
"""By struct, what differs from one to the other."""
