"""`nbo contact`: what customers were told, as caps and cooldowns count it."""

from __future__ import annotations

import os
from functools import partial

import rich_click as click

from nbo.embedded_redis import redis_url
from nbo.local_home import local_home
from nbo.local_log import log_folder
from nbo.output import json_option, print_facts, print_json
from nbo.progress import shown_progress


@click.group()
def contact() -> None:
    """The contact histories of the bank's customers."""


@contact.command()
@json_option
def rebuild(as_json: bool) -> None:
    """Make every contact history anew: from the imported contacts, then from the event log.

    All of it is read once before anything is changed. Nothing a cap binds is offered while the
    histories are written. What was reserved and not yet shown counts as before. Refused when the
    imported tables are not those that were loaded, as the log has them.

    Example: nbo contact rebuild
    """
    from nbo.contact_log import home_catalogue, known_offers, logged_contacts
    from nbo.recorded_imports import refuse_altered_tables
    from training.features.contact_rebuild import rebuild_contacts

    home = local_home()
    catalogue = home_catalogue(home, dict(os.environ))
    logged = partial(logged_contacts, log_folder(), catalogue)
    with redis_url(home.root) as url, shown_progress() as progress:
        refuse_altered_tables(home, progress)
        rebuilt = rebuild_contacts(home, url, logged, progress, offers=known_offers(catalogue))
    if as_json:
        counts = {"customers": rebuilt.customers, "logged": rebuilt.logged}
        print_json({"bank": home.bank().bank, **counts})
    else:
        print_facts([("customers", rebuilt.customers), ("entries from the log", rebuilt.logged)])
