"""What must hold before traffic may come.

That Redis answers is not among it, the ladder serves without; that it does not forget is.
"""

from __future__ import annotations

from service.api.wire import CheckAnswer

CHECKS = ("catalogue", "model", "store_policy", "features", "warm_up")
ADVISORY = frozenset({"features"})
"""Told, but no reason to send traffic away: one load would take out every service there is, where
an answer without offers is still an answer.
"""


class Readiness:
    """Every check stands as failed until somebody reports that it passed."""

    def __init__(self) -> None:
        self._checks = {name: CheckAnswer(name, False, "not done yet") for name in CHECKS}

    def report(self, name: str, *, passed: bool, detail: str) -> None:
        """Set one check; the detail names versions and cures, never a person."""
        if name not in self._checks:
            raise KeyError(f"no check {name!r}: known are {', '.join(CHECKS)}")
        self._checks[name] = CheckAnswer(name, passed, detail)

    def retire(self) -> None:
        """Not ready for good: this worker is about to stop."""
        self._checks["serving"] = CheckAnswer("serving", False, "this worker is stopping")

    @property
    def checks(self) -> list[CheckAnswer]:
        """All checks, in the order they are made."""
        return list(self._checks.values())

    @property
    def is_ready(self) -> bool:
        """Whether all checks passed that traffic waits for."""
        return all(check.passed for check in self.checks if check.name not in ADVISORY)
