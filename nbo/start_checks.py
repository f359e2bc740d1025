"""What would stop the service, found before it starts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from model_registry.home import Home

if TYPE_CHECKING:
    from service.settings import Settings


def checked_settings(home: Home) -> Settings:
    """The settings of the environment, which fit the bank of this home and a usable catalogue.

    Refused here in one line instead of by every worker with its traceback.
    """
    from service.bootstrap import open_catalogue
    from service.settings import read_settings

    settings = read_settings(os.environ)
    bank = home.bank()
    settings.require_bank(bank.bank)
    open_catalogue(settings, bank)
    return settings
