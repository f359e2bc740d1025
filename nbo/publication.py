"""What a bundle gets before it serves: native code for its trees, where that can be had."""

from __future__ import annotations

from model_registry.errors import RegistryError
from model_registry.home import Home
from nbo.output import note
from nbo.progress import shown_progress


def provide_ranker(home: Home, bundle_id: str) -> None:
    """Build the bundle's compiled ranker unless it has one; a failure is a line, never an error."""
    from training.errors import TrainingError
    from training.ranker.building import build_ranker

    try:
        with shown_progress() as progress:
            build_ranker(home, bundle_id, progress=progress)
    except (RegistryError, TrainingError, OSError) as error:
        note(f"nbo: no compiled ranker, LightGBM will score (slower, equally exact): {error}")
