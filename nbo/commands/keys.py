"""`nbo keys`: tokens to try authentication with, without an identity provider."""

from __future__ import annotations

import time
from typing import Any

import rich_click as click

from nbo.access_key import AccessKey
from nbo.local_home import local_home
from nbo.output import json_option, note, print_json


@click.group()
def keys() -> None:
    """Tokens signed with a development key of this home."""


@keys.command()
@click.option("--sub", default="developer", show_default=True, help="Who the token speaks of.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="What it allows (docs/access.md); repeatable.  [default: decide]",
)
@click.option("--customer", "customer_id", metavar="ID", help="Bind the token to this customer.")
@click.option(
    "--call",
    "calls",
    multiple=True,
    metavar="CALL:CUSTOMER",
    help="A call of an agent with this customer; repeatable.",
)
@click.option("--minutes", type=click.IntRange(1, 24 * 60), default=60, show_default=True)
@click.option("--audience", default="nbo", show_default=True, help="As in NBO_JWT_AUDIENCE.")
@json_option
def token(as_json: bool, minutes: int, **asked: Any) -> None:
    """Print a token; on stderr, which key the service has to be told of.

    Example: nbo keys token --scope agent --sub A17 --call c-9:C0000001
    """
    key = AccessKey(local_home().keys)
    expires = int(time.time()) + 60 * minutes
    signed = key.sign(_claims(asked, expires))
    if as_json:
        print_json({"token": signed, "keys": str(key.public_file), "expires": expires})
    else:
        click.echo(signed)
        note(f"good for {minutes} minutes where NBO_JWT_KEYS={key.public_file}")
    if "agent" in asked["scopes"] and not asked["calls"]:
        note("an agent without a call is refused for every customer: add --call CALL:CUSTOMER")


def _claims(asked: dict[str, Any], expires: int) -> dict[str, Any]:
    from service.domain.principal import AccessScope

    unknown = sorted(set(asked["scopes"]) - set(AccessScope))
    if unknown:
        known = ", ".join(AccessScope)
        raise click.BadParameter(f"{unknown[0]}: use {known}", param_hint="--scope")
    claims = {
        "sub": asked["sub"],
        "aud": asked["audience"],
        "exp": expires,
        "scope": " ".join(asked["scopes"] or ("decide",)),
        "customer_id": asked["customer_id"],
        "calls": [_call(text, expires) for text in asked["calls"]] or None,
    }
    return {name: value for name, value in claims.items() if value is not None}


def _call(text: str, until: int) -> dict[str, Any]:
    call_id, _, customer_id = text.partition(":")
    if not (call_id and customer_id):
        raise click.BadParameter(f"{text}: write CALL:CUSTOMER", param_hint="--call")
    return {"call_id": call_id, "customer_id": customer_id, "until": until}
