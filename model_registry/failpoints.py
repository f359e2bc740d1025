"""Points at which a test kills this process, to show that whatever remains is whole.

`NBO_FAILPOINT=<name>` makes the process kill itself (SIGKILL: nothing is flushed or released) when
it comes to the point of that name. Only tests set it; unset, a point costs one look-up.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "NBO_FAILPOINT"

FAILPOINTS = (
    "materialize.before_clear",
    "materialize.mid_clear",
    "materialize.mid_features",
    "materialize.before_record",
    "materialize.before_consents",
    "materialize.mid_consents",
    "materialize.before_contacts",
    "materialize.mid_contacts",
    "materialize.before_marker",
    "rebuild.before_clear",
    "rebuild.before_log",
    "bundle.mid_files",
    "bundle.before_rename",
    "bundle.after_rename",
    "champion.before_replace",
    "champion.after_replace",
    "durable_file.before_rename",
)
"""Every point there is; a test compares them with the calls of `reach`."""


def reach(point: str) -> None:
    """Die here when the environment says so."""
    if os.environ.get(VARIABLE) == point:
        os.kill(os.getpid(), signal.SIGKILL)
