"""What a failed command says: known errors speak for themselves, unknown ones name their kind."""

from __future__ import annotations

import sys

from nbo.local_home import home_trouble

FAILED = 1
UNEXPECTED = 70

_KNOWN = {
    "feature_repo.errors": "FeatureError",
    "model_registry.errors": "RegistryError",
    "nbo.errors": "CommandError",
    "service.errors": "ServiceError",
    "training.errors": "TrainingError",
    "training.simulated_bank.errors": "SimulationError",
    "training.tables.errors": "TableError",
}


def explain(error: Exception) -> str:
    """One line: what happened, which, and what to do."""
    if isinstance(error, OSError) and (trouble := home_trouble(error)) is not None:
        return trouble
    if is_known(error):
        return " ".join(str(error).split())
    if _is_of(error, "redis.exceptions", "RedisError"):
        # Its text can hold the key, and with it the customer.
        return f"Redis failed ({type(error).__name__}): is NBO_REDIS_URL right and the server up?"
    return f"unexpected {type(error).__name__}: set NBO_DEBUG=1 and run again to see where"


def exit_code_of(error: Exception) -> int:
    """1 for what the user can mend, 70 for what only a developer can."""
    is_expected = is_known(error) or _is_of(error, "redis.exceptions", "RedisError")
    return FAILED if is_expected else UNEXPECTED


def is_known(error: Exception) -> bool:
    """Whether its message was written for the user."""
    return isinstance(error, OSError) or any(
        _is_of(error, module, name) for module, name in _KNOWN.items()
    )


def _is_of(error: Exception, module: str, name: str) -> bool:
    """Without importing the module: an error of a module that is not loaded cannot have come."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(error, kind)
