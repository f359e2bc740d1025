"""What `feast apply` registers for the bank in `NBO_HOME`; the command line does the same."""

from __future__ import annotations

import os
from pathlib import Path

from feature_repo.views import definitions

_features = Path(os.environ.get("NBO_HOME", ".nbo")) / "features"

# Feast looks for objects at module level; the contract decides which there are.
globals().update({definition.name: definition for definition in definitions(_features)})
