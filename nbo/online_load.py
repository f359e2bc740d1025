"""Loads a home into Redis: features, consents, and every contact that is known of."""

from __future__ import annotations

import os

from model_registry.home import Home
from nbo.contact_log import has_contacts, home_catalogue, known_offers, logged_contacts
from nbo.local_log import log_folder
from nbo.recorded_imports import record_imports
from service.errors import CatalogueInvalid
from training.features.online import Loaded, materialize
from training.progress import Progress


def load_online(home: Home, url: str, progress: Progress) -> Loaded:
    """Bring the home's bank online with what its event log knows; a bank that has no catalogue yet
    has decided nothing. Which consents and contacts these are is on record first.
    """
    folder = log_folder()
    try:
        catalogue = home_catalogue(home, dict(os.environ))
    except CatalogueInvalid:
        if has_contacts(folder):
            raise  # else contacts that count would be forgotten
        record_imports(home, progress)
        return materialize(home, url, progress=progress)
    for _ in logged_contacts(folder, catalogue):
        pass  # a damaged record is found before anything is deleted
    record_imports(home, progress)
    return materialize(
        home,
        url,
        progress=progress,
        offers=known_offers(catalogue),
        logged=logged_contacts(folder, catalogue),
    )
