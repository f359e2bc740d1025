"""Time, the customer, the models: what a decision reads, and who counts it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from feature_repo.contact_layout import Entries, KeptAnswer
from feature_repo.raw_features import RawFeatures
from feature_repo.transforms import ColumnLayout
from service.domain.consent import ConsentRecord
from service.domain.decision import Decision
from service.domain.rates import Rates


class Clock(Protocol):
    """Two readings of time: the business day the data belong to, and the wall."""

    def as_of(self) -> datetime:
        """The instant features and validity are judged at, with offset."""

    def now(self) -> datetime:
        """Wall-clock UTC, for protocol times such as `expires_at`."""


class RawReplies(NamedTuple):
    """What the store itself said of a customer, for a record that can be decided again from."""

    values: tuple[bytes | None, ...]
    consents: bytes | None
    contacts: bytes | None
    marker: bytes | None


@dataclass(frozen=True)
class CustomerRecord:
    """What one round trip brought. `reachable` False = nothing below may be believed.

    `features` None = the store has no feature hash for her; `consents` None = it has no state for
    her; `contacts` None = no history of her was read; `kept` is what the asked slot holds.
    `is_loaded` = the generation marker stood, so an absent state is knowledge and not an empty
    store.
    """

    reachable: bool
    is_loaded: bool
    features: RawFeatures | None
    consents: ConsentRecord | None
    undecodable_views: tuple[str, ...] = ()
    contacts: Entries | None = None
    raw: RawReplies | None = None
    kept: KeptAnswer | None = None


class CustomerStore(Protocol):
    """Online features and state of one customer."""

    async def read(
        self, customer_id: str, *, within_seconds: float, slot: bytes | None = None
    ) -> CustomerRecord:
        """One round trip; never raises for an absent, slow or broken store, nor takes longer.

        `slot` names a principal and a request id whose stored answer is read along.
        """


class PropensityModel(Protocol):
    """A verified, loaded ranker with its calibration."""

    @property
    def layout(self) -> ColumnLayout:
        """The columns its matrix must have."""

    def predict_candidates(
        self,
        customer: NDArray[np.float32],
        product: NDArray[np.float32],
        product_codes: NDArray[np.intp],
    ) -> NDArray[np.float64]:
        """Calibrated probabilities (m,) of one customer's columns (1, Kc) and her candidates' among
        all products' (1, V, Kp).
        """

    def contributions(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """What each column adds to the log-odds of each row, shape (rows, columns)."""


@dataclass(frozen=True)
class Release:
    """One promoted bundle, ready to decide with."""

    bundle_id: str
    product_vocabulary: tuple[str, ...]
    model: PropensityModel
    rates: Rates
    views_with_data: tuple[str, ...]


@dataclass(frozen=True)
class OpenedRelease:
    """A release, or None and why; `detail` names the bundle, its ranker and the cure."""

    release: Release | None
    detail: str
    ranker: str = "none"
    is_refused: bool = False

    @property
    def degraded_reasons(self) -> tuple[str, ...]:
        """What every decision without this release says it lacks."""
        if self.release is not None:
            return ()
        return ("model_refused",) if self.is_refused else ("model_missing",)


class ModelShelf(Protocol):
    """The bundles of this installation."""

    def ids(self) -> list[str]:
        """All bundles, oldest first."""

    def champion(self) -> str | None:
        """The promoted bundle; None when there is none or it cannot be told."""

    def open_champion(self) -> OpenedRelease:
        """The promoted bundle ready to decide with, or why not; may take seconds."""


@dataclass(frozen=True)
class Versions:
    """The versions a decision was made under."""

    model: str | None
    catalogue: str
    policy: str
    contract: str


class DecisionObserver(Protocol):
    """Who counts what was decided."""

    def decided(self, decision: Decision, *, channel: str) -> None:
        """Called once per decision, also for empty ones."""

    def stage_failed(self, stage: str, name: str) -> None:
        """A stage raised; the engine went on as its failure policy says."""


class OutcomeObserver(Protocol):
    """Who counts what was heard."""

    def heard(self, status: str) -> None:
        """Called once per reported outcome."""

    def overran(self) -> None:
        """An impression came although a cap was full."""

    def gave_up(self) -> None:
        """An outcome is on record, but could not be counted: a rebuild will."""
