"""What a proof found, beside what it asks for."""

from __future__ import annotations


class Verdict:
    """Figures beside their targets; `is_met` as long as none is missed."""

    def __init__(self) -> None:
        self.is_met = True

    def say(self, figure: str, target: str, *, holds: bool) -> None:
        """Print one figure."""
        self.is_met &= holds
        print(f"{'ok ' if holds else 'MISSED'} {figure} (target {target})", flush=True)

    @property
    def exit_code(self) -> int:
        """0 when every target is met, else 1."""
        return 0 if self.is_met else 1
