"""The versions a bundle was made with, for whoever must reproduce it."""

from __future__ import annotations

import platform
from importlib.metadata import version

_LIBRARIES = ("feast", "implicit", "lightgbm", "numpy", "polars", "scikit-learn", "scipy")


def library_versions() -> dict[str, str]:
    """Python and the libraries a model's bytes depend on."""
    return {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES}
