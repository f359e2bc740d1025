"""`nbo decide`: one decision from the shell, through the service's own application."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import msgspec
import rich_click as click

from nbo.answer_tables import show_answer
from nbo.embedded_redis import redis_url
from nbo.errors import CommandError
from nbo.local_home import local_home
from nbo.output import json_option
from nbo.start_checks import checked_settings

SHELL_SETTINGS = {
    "NBO_LOG_LEVEL": "error",
    "NBO_TRIAL_LOAD": "false",  # a crash here hurts nobody but the one who asked
    "NBO_STATE_DEADLINE_MS": "1000",  # nor does a second's patience
}


@click.command()
@click.option("--customer", "customer_id", required=True, metavar="ID")
@click.option("--channel", default="mobile_app", show_default=True)
@click.option("--placement", "placements", multiple=True, metavar="ID[:LIMIT]", help="Repeatable.")
@click.option("--trigger", help="Why now: login, call …")
@click.option("--intent", help="What the customer wants, if known.")
@click.option("--locale", default="en", show_default=True)
@click.option("--agent", "agent_id", metavar="ID", help="Ask on behalf of this agent.")
@click.option(
    "--explain",
    is_flag=True,
    help="Also give the reasons for each offer, and what was withheld by which rule.",
)
@json_option
def decide(as_json: bool, **asked: Any) -> None:
    """One decision, by the code that answers POST /v1/decisions with mode dry_run: nothing of it is
    recorded, and it counts toward no cap.

    Example: nbo decide --customer C0000001 --channel call_center --trigger call --explain
    """
    status, body = _ask(_request(asked))
    answer = msgspec.json.decode(body)
    if status != 200:
        raise CommandError(f"refused: {answer.get('detail') or answer.get('title') or status}")
    if as_json:
        click.echo(body)
    else:
        # An agent is told reasons unasked.
        show_answer(answer, has_reasons=bool(asked["explain"] or asked["agent_id"]))
        versions = answer["versions"]
        print(
            f"catalogue {versions['catalogue']}, policy {versions['policy']}:"
            " a dry run, not recorded, and no cap counts it"
        )


def _ask(request: dict[str, Any]) -> tuple[int, bytes]:
    from nbo.in_process import post
    from service.asgi import create_app

    # Whoever can read the home needs no token to ask it.
    os.environ.update({"NBO_JWT_KEYS": "", "NBO_JWKS_URL": "", "NBO_HOST": ""})
    home = local_home()
    checked_settings(home)
    with redis_url(home.root) as url:
        os.environ["NBO_REDIS_URL"] = url
        for key, value in SHELL_SETTINGS.items():
            os.environ.setdefault(key, value)
        return asyncio.run(post(create_app(records_start=False), "/v1/decisions", request))


def _request(asked: dict[str, Any]) -> dict[str, Any]:
    given = {
        "customer_id": asked["customer_id"],
        "channel": asked["channel"],
        "placements": [_placement(text) for text in asked["placements"]] or None,
        "context": {"trigger": asked["trigger"], "intent": asked["intent"]},
        "locale": asked["locale"],
        "on_behalf_of": asked["agent_id"] and {"agent_id": asked["agent_id"]},
        "mode": "dry_run",
        "explain": asked["explain"],
    }
    return {name: value for name, value in given.items() if value is not None}


def _placement(text: str) -> dict[str, Any]:
    name, _, limit = text.partition(":")
    if limit and not limit.isdecimal():
        raise click.BadParameter(f"{text}: write ID or ID:LIMIT", param_hint="--placement")
    return {"id": name, "limit": int(limit)} if limit else {"id": name}
