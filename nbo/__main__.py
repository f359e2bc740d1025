"""`nbo` and `python -m nbo`."""

from __future__ import annotations

import os
import sys

from nbo.cli import run

NOBODY_ELSE = 0o077
"""Tables, features and logs speak of customers, whoever of this process or its children writes."""


def main() -> None:
    """Run the command line and exit with its code; what it creates is its owner's alone."""
    os.umask(NOBODY_ELSE)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
