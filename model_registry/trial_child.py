"""The child process of a trial load: `python -m model_registry.trial_child HOME BUNDLE
compiled|lightgbm`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from model_registry.optional_libraries import leave_out_optional_libraries


def main(root: str, bundle_id: str, ranker: str) -> int:
    """Load and check; prints the reason of a refusal."""
    leave_out_optional_libraries()
    from model_registry.home import Home
    from model_registry.trial_load import load_within_limits

    return load_within_limits(Home(Path(root)), bundle_id, prefers_compiled=ranker == "compiled")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
