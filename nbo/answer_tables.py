"""An answer of POST /v1/decisions as tables for people."""

from __future__ import annotations

from typing import Any

from nbo.output import print_table, stdout

Answer = dict[str, Any]
COLUMNS = ("rank", "offer", "title", "propensity", "value", "priority", "reasons")
NO_REASONS = "reasons: --explain"


def show_answer(answer: Answer, title: str = "", *, has_reasons: bool = True) -> None:
    """The offers of every placement, and where the answer tells, what was withheld and why.

    Without `has_reasons` nobody asked for reasons, and the table says how to.
    """
    columns = COLUMNS if has_reasons else (*COLUMNS[:-1], NO_REASONS)
    if title:
        stdout().print(f"\n[bold]{title}[/bold]", highlight=False)
    causes = ", ".join(answer["degraded_reasons"])
    print(f"served from {answer['served_from']}" + (f" ({causes})" if causes else ""))
    for placement in answer["placements"]:
        if placement["offers"]:
            rows = (
                [*_offer(offer), _reasons(offer) if has_reasons else ""]
                for offer in placement["offers"]
            )
            print_table(columns, rows, title=placement["id"])
        else:
            print(f"{placement['id']}: no offer ({placement['no_offer_reason']})")
    if answer["withheld"]:
        print_table(("withheld because of", "that is", "offers"), _withheld(answer["withheld"]))


def _offer(offer: Answer) -> list[object]:
    return [
        offer["rank"],
        offer["offer_id"],
        offer["treatment"]["title"],
        _number(offer["propensity"], 4),
        _number(offer["value"], 2),
        _number(offer["priority"], 4),
    ]


def _reasons(offer: Answer) -> str:
    return ", ".join(reason["text"] or reason["code"] for reason in offer["reasons"]) or "–"


def _withheld(withheld: list[Answer]) -> list[list[object]]:
    """One row per first rule, with all the offers it withholds."""
    offers: dict[tuple[str, str], list[str]] = {}
    for item in withheld:
        offers.setdefault((item["first_rule"], item["text"]), []).append(item["offer_id"])
    return [[rule, text, ", ".join(names)] for (rule, text), names in offers.items()]


def _number(value: float | None, digits: int) -> str:
    return "unknown" if value is None else f"{value:.{digits}f}"
