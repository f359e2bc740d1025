"""What proofs under load stand on: the benchmarks' bank, loaded into a Redis that can be hurt."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench_bank import build_bank, catalogue_folder
from model_registry.home import Home
from tests.faults.redis_process import RedisProcess, redis_process
from tests.faults.served_bank import ServedBank, inherited, served
from training.features.online import materialize

CUSTOMERS = 2_000


@dataclass(frozen=True)
class BankUnderProof:
    """A home with a promoted model and a catalogue, and the Redis its service asks."""

    home: Home
    redis: RedisProcess

    def load(self) -> None:
        """Write every customer's features into Redis."""
        materialize(self.home, self.redis.url)

    def environment(self, **settings: str) -> dict[str, str]:
        """What `nbo` needs to work on it, with these settings besides."""
        return inherited() | {
            "NBO_HOME": str(self.home.root),
            "NBO_CATALOGUE": str(catalogue_folder(self.home)),
            "NBO_REDIS_URL": self.redis.url,
            "NBO_CLOCK": "wall",
            **settings,
        }

    def served(self, *, workers: int = 1, **settings: str) -> AbstractContextManager[ServedBank]:
        """`nbo serve` on it until the block is left, with these settings."""
        return served(self.environment(**settings), self.home.root.parent, workers=workers)


@contextmanager
def loaded_bank(customers: int = CUSTOMERS) -> Iterator[BankUnderProof]:
    """A bank of so many customers, loaded; gone when the block is left."""
    with tempfile.TemporaryDirectory() as folder, redis_process() as redis:
        bank = BankUnderProof(build_bank(Path(folder) / "home", customers), redis)
        bank.load()
        yield bank
