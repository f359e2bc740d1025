"""Imports and calls Feast without letting it change the process it runs in."""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator

_VARIABLES = ("PROMETHEUS_MULTIPROCESS_DIR", "PROMETHEUS_MULTIPROC_DIR")


def import_feast() -> None:
    """Load feast; Prometheus variables and warning filters are afterwards as they were before.

    feast.metrics switches Prometheus to its multiprocess mode, in which a later `/metrics` of this
    process is 200 with no bytes: prometheus_client goes first and chooses its mode undisturbed.
    """
    importlib.import_module("prometheus_client")
    before = {name: os.environ.get(name) for name in _VARIABLES}
    # A directory that exists keeps Feast from making, and later deleting, one of its own.
    os.environ.update(dict.fromkeys(_VARIABLES, tempfile.gettempdir()))
    try:
        with warnings.catch_warnings():
            importlib.import_module("feast")
            importlib.import_module("feast.metrics")
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    # It doubts serve_features_while_materializing on a file registry, where a killed load needs it.
    logging.getLogger("feast.repo_config").setLevel(logging.ERROR)


@contextlib.contextmanager
def quiet_feast() -> Iterator[None]:
    """Swallow what Feast prints (stdout is the command's) and one warning of its libraries."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        # ibis 12 calls what duckdb 2 has renamed.
        warnings.filterwarnings("ignore", r"fetch_arrow_table\(\)", DeprecationWarning)
        yield


import_feast()
