"""Why a Redis server that ended did not start, in its own words."""

from __future__ import annotations

from pathlib import Path

FATAL = "Fatal error loading the DB"
"""Says that the data could not be loaded; why stands in the line before."""
ANOTHER_FORMAT = "Can't handle RDB format version"


def last_words(log_file: Path) -> str:
    """The line of the server's log that names the reason, and what to do where that is known."""
    try:
        lines = log_file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return "it wrote no log"
    if not lines:
        return "its log is empty"
    reason = lines[-2] if FATAL in lines[-1] and len(lines) > 1 else lines[-1]
    return f"{log_file} ends with: {reason.strip()}{_cure(reason, log_file.parent)}"


def _cure(reason: str, directory: Path) -> str:
    if ANOTHER_FORMAT not in reason:
        return ""
    return (
        f" - the data in {directory} were saved by a newer Redis: put that one on PATH, or move"
        " dump.rdb away and run `nbo features materialize`"
    )
