"""`nbo features`: build, register, load and look at features."""

from __future__ import annotations

import rich_click as click

from nbo.embedded_redis import redis_url
from nbo.local_home import local_home
from nbo.output import json_option, note, print_facts, print_json
from nbo.preparation import provide_features
from nbo.progress import shown_progress


@click.group()
def features() -> None:
    """Register the Feast repository, load online features into Redis, look at one customer."""


@features.command()
@json_option
def apply(as_json: bool) -> None:
    """Build what the contract describes from the home's tables and register it with Feast.

    Example: nbo features apply
    """
    from feature_repo.contract import VIEWS, contract_digest
    from training.features.registration import apply as register

    home = local_home()
    with shown_progress() as progress:
        provide_features(home, progress)
        register(home)
    views = [view.name for view in VIEWS]
    if as_json:
        print_json({"bank": home.bank().bank, "views": views, "contract": contract_digest()})
    else:
        print_facts([("registered", ", ".join(views)), ("contract", contract_digest())])


@features.command()
@json_option
def materialize(as_json: bool) -> None:
    """Load the bank's features and consents into Redis; builds the features when they are missing.

    Says before it loads when running services, or the champion, are of another feature contract.

    Example: nbo features materialize
    """
    from nbo.load_warnings import load_warnings
    from nbo.online_load import load_online

    home = local_home()
    home.bank()
    with redis_url(home.root) as url, shown_progress() as progress:
        provide_features(home, progress)
        for line in load_warnings(home, url):
            note(f"nbo: {line}")
        loaded = load_online(home, url, progress)
    for line in loaded.warnings():
        note(line)
    rows = loaded.rows
    counts = {"rows": rows.written, "newer_kept": rows.newer_kept, "future_refused": rows.future}
    if as_json:
        print_json({"bank": home.bank().bank, "customers": loaded.customers, **counts})
    else:
        print_facts([("customers loaded", loaded.customers), ("feature rows", rows.written)])


@features.command()
@click.option("--customer", required=True, metavar="ID", help="As in the customers table.")
@json_option
def show(customer: str, as_json: bool) -> None:
    """What is stored online for one customer, how old it is, and what the model sees.

    Example: nbo features show --customer C0000001
    """
    from nbo.stored_features import stored_features

    home = local_home()
    with redis_url(home.root) as url:
        shown = stored_features(home, url, customer)
    if as_json:
        print_json(shown)
        return
    from nbo.feature_tables import show_features

    show_features(shown, customer)
