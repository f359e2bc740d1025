"""The truth of a simulated bank as files: written by the simulator, read by the oracle alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from training.simulated_bank.truth import Matrix, ResponseFunction


class TruthHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the arrays mean: calendar, and names of rows and columns."""

    start: date
    end: date
    days: int
    seed: int
    products: list[str]
    channels: list[str]
    events: list[str]
    as_of_dates: list[date]


@dataclass(frozen=True)
class TruthColumns:
    """The hidden state of every customer, rows in order of `customer_id` (bytes)."""

    customer_id: NDArray[np.bytes_]
    static_utility: Matrix
    permitted: NDArray[np.bool_]
    event_days: NDArray[np.int16]
    preferred_channel: NDArray[np.int32]
    payday: NDArray[np.int32]
    held_at_step: NDArray[np.bool_]


@dataclass(frozen=True)
class ShownOffers:
    """Every offer shown, by customer row and time, and the true chance that it was accepted."""

    customer_row: NDArray[np.int32]
    second: NDArray[np.int32]
    product: NDArray[np.int16]
    acceptance: Matrix


class TruthFiles:
    """The files of one bank's truth in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @property
    def header_file(self) -> Path:
        """The file whose presence says that a truth exists."""
        return self._directory / "header.json"

    def write_additions(self, as_of: date, probability: Matrix) -> None:
        """Probability of each addition in the month after `as_of`: customers × products."""
        self._directory.mkdir(parents=True, exist_ok=True)
        np.save(self._additions(as_of), probability, allow_pickle=False)

    def write(
        self,
        header: TruthHeader,
        response: ResponseFunction,
        columns: TruthColumns,
        shown: ShownOffers,
    ) -> None:
        """Write everything but the additions; the header last."""
        self._directory.mkdir(parents=True, exist_ok=True)
        np.savez(self._directory / "response.npz", allow_pickle=False, **asdict(response))
        np.savez(self._directory / "customers.npz", allow_pickle=False, **asdict(columns))
        np.savez(self._directory / "shown.npz", allow_pickle=False, **asdict(shown))
        self.header_file.write_bytes(msgspec.json.format(msgspec.json.encode(header)))

    def header(self) -> TruthHeader:
        """Calendar and names."""
        return msgspec.json.decode(self.header_file.read_bytes(), type=TruthHeader)

    def response(self) -> ResponseFunction:
        """The response function the bank was simulated with."""
        return ResponseFunction(**self._arrays("response"))

    def columns(self) -> TruthColumns:
        """The hidden state of every customer."""
        return TruthColumns(**self._arrays("customers"))

    def shown(self) -> ShownOffers:
        """Every offer shown."""
        return ShownOffers(**self._arrays("shown"))

    def additions(self, as_of: date) -> Matrix:
        """Probability of each addition in the month after `as_of`; NaN = not a customer yet."""
        return np.asarray(np.load(self._additions(as_of), allow_pickle=False))

    def _additions(self, as_of: date) -> Path:
        return self._directory / f"additions_{as_of.isoformat()}.npy"

    def _arrays(self, name: str) -> dict[str, Any]:
        with np.load(self._directory / f"{name}.npz", allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
