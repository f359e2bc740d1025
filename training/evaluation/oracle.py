"""The oracle: true probabilities of the simulated bank, for reports and closed-loop tests only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from model_registry.home import Home
from training.simulated_bank.errors import TruthUnavailable
from training.simulated_bank.timeline import Step, Timeline
from training.simulated_bank.truth import Matrix
from training.simulated_bank.truth_files import TruthFiles

Probabilities = NDArray[np.float64]
BANK_ZONE = timezone(timedelta(hours=8))
FATIGUE_DAYS, SHORT_FATIGUE_DAYS = 28, 7


class Oracle:
    """Reads the truth files of a home once; `TruthUnavailable` where the bank is not simulated."""

    def __init__(self, home: Home) -> None:
        self._files = TruthFiles(home.truth)
        if not self._files.header_file.exists():
            raise TruthUnavailable(
                f"no truth in {home.root}: only a bank made by `nbo data simulate` has one"
            )
        self._header = self._files.header()
        self._timeline = Timeline.ending(self._header.end, self._header.days)
        self._response = self._files.response()
        self._columns = self._files.columns()
        self._shown = self._files.shown()

    @property
    def products(self) -> tuple[str, ...]:
        """The vocabulary: the order of the columns of every answer about all products."""
        return tuple(self._header.products)

    @property
    def as_of_dates(self) -> tuple[date, ...]:
        """Snapshots after which a whole month was simulated."""
        return tuple(self._header.as_of_dates)

    def addition_probability(
        self, customer_ids: Sequence[str], as_of_snapshot: date
    ) -> Probabilities:
        """Chance that each product is added in the month after the snapshot: customers × products.

        0 where the product is held or not permitted, NaN where the customer had not joined.
        """
        if as_of_snapshot not in self.as_of_dates:
            known = ", ".join(str(day) for day in self.as_of_dates)
            raise TruthUnavailable(f"no additions after {as_of_snapshot}: ask for one of {known}")
        rows = self._rows(customer_ids)
        return self._files.additions(as_of_snapshot)[rows].astype(np.float64)

    def acceptance_probability(
        self,
        customer_ids: Sequence[str],
        product_ids: Sequence[str],
        as_of: datetime,
        channel: str,
    ) -> Probabilities:
        """Chance that an offer shown at `as_of` in `channel` is accepted: customers × product_ids.

        0 where the customer may not have the product or held it when the month began.
        """
        rows, products = self._rows(customer_ids), self._products(product_ids)
        logit = sum(self.logit_parts(customer_ids, as_of, channel).values())
        chance = self._response.acceptance_probability(np.asarray(logit))
        step, _ = self._instant(as_of)
        possible = self._columns.permitted[rows] & ~self._held(rows, step)
        return np.asarray((chance * possible)[:, products], np.float64)

    def logit_parts(
        self, customer_ids: Sequence[str], as_of: datetime, channel: str
    ) -> dict[str, Matrix]:
        """The terms of the acceptance logit, before the prompt's constant: customers × products."""
        rows = self._rows(customer_ids)
        step, second = self._instant(as_of)
        response, columns = self._response, self._columns
        today = np.full(len(rows), second // 86_400, np.float32)
        none = np.zeros_like(columns.static_utility[rows])
        spoken = np.full(len(rows), self._channel(channel))
        preferred = columns.preferred_channel[rows]
        return {
            "product": none + response.intercept,
            "customer": columns.static_utility[rows],
            "held": self._held(rows, step) @ response.held_effect,
            "season": none + response.season[step.month - 1],
            "events": response.event_utility(columns.event_days[rows], today),
            "payday": response.payday_utility(columns.payday[rows], today, step),
            "channel": response.channel_utility(spoken, preferred),
            "fatigue": response.fatigue_utility(*self._weariness(rows, second)),
        }

    def _weariness(self, rows: NDArray[np.intp], second: int) -> tuple[Matrix, Matrix, Matrix]:
        shown, today = self._shown, second // 86_400
        since = today - shown.second // 86_400
        recent = np.flatnonzero((shown.second < second) & (since <= FATIGUE_DAYS))
        size = (len(self._columns.payday), len(self._header.products))
        cell = shown.customer_row[recent].astype(np.int64) * size[1] + shown.product[recent]
        same = np.bincount(cell, minlength=size[0] * size[1]).reshape(size).astype(np.float32)
        late = shown.customer_row[recent[since[recent] <= SHORT_FATIGUE_DAYS]]
        short = np.bincount(late, minlength=size[0]).astype(np.float32)
        return short[rows], same[rows].sum(axis=1), same[rows]

    def _held(self, rows: NDArray[np.intp], step: Step) -> NDArray[np.bool_]:
        return np.asarray(self._columns.held_at_step[rows, step.index])

    def _instant(self, as_of: datetime) -> tuple[Step, int]:
        """The step of a moment and its local second; after the last day, the month it lies in."""
        if as_of.tzinfo is None:
            raise TruthUnavailable("as_of has no time zone: give an instant with its offset")
        local = as_of.astimezone(BANK_ZONE)
        first = datetime.combine(self._header.start, time(), BANK_ZONE)
        second = int((local - first).total_seconds())
        day = second // 86_400
        for step in self._timeline.steps:
            if step.first_day <= day < step.end_day:
                return step, second
        if day < 0:
            raise TruthUnavailable(f"the simulated bank begins on {self._header.start}")
        begins = (local.date().replace(day=1) - self._header.start).days
        last = self._timeline.steps[-1]
        return Step(last.index + 1, begins, 31, local.month, begins, local.date(), False), second

    def _rows(self, customer_ids: Sequence[str]) -> NDArray[np.intp]:
        wanted = np.array([name.encode() for name in customer_ids], dtype=np.bytes_)
        known = self._columns.customer_id
        rows = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        missing = int((known[rows] != wanted).sum())
        if missing:
            raise TruthUnavailable(
                f"{missing} of {len(wanted)} customers are not in this simulated bank"
            )
        return rows

    def _products(self, product_ids: Sequence[str]) -> list[int]:
        unknown = sorted(set(product_ids) - set(self._header.products))
        if unknown:
            raise TruthUnavailable(f"no product of this bank: {', '.join(unknown)}")
        return [self._header.products.index(product) for product in product_ids]

    def _channel(self, channel: str) -> int:
        if channel not in self._header.channels:
            raise TruthUnavailable(
                f"no channel {channel}: one of {', '.join(self._header.channels)}"
            )
        return self._header.channels.index(channel)
