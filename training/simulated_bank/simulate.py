"""Simulate a whole bank into a home: canonical tables, its identity, and the truth behind them."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from feature_repo.contract import CHANNELS
from model_registry.home import Home
from training.importers.identity import identify
from training.importers.importing import ImportSummary
from training.importers.staged import Staged
from training.importers.staging import Staging
from training.progress import Progress, silent
from training.simulated_bank import frames
from training.simulated_bank.block import Block, BlockMonth
from training.simulated_bank.effects import EVENTS
from training.simulated_bank.errors import SimulationInvalid
from training.simulated_bank.products import VOCABULARY
from training.simulated_bank.tastes import calibrated_response
from training.simulated_bank.timeline import Step, Timeline
from training.simulated_bank.transactions import Columns
from training.simulated_bank.truth import ResponseFunction
from training.simulated_bank.truth_files import ShownOffers, TruthColumns, TruthFiles, TruthHeader
from training.tables.schema import TABLES

DEFAULT_END = date(2026, 10, 31)
FEWEST_DAYS, MOST_DAYS = 62, 3650
BLOCK = 10_000
WORKERS = 2
IN_ORDER_OF_TIME = ("transactions", "events", "contacts")


@dataclass(frozen=True)
class SimulationConfig:
    """Size and seed; equal configurations give equal bytes, whatever the day they are run on."""

    customers: int = 3000
    days: int = 365
    seed: int = 7
    end: date = DEFAULT_END

    def __post_init__(self) -> None:
        if not 1 <= self.customers <= 9_999_999:
            raise SimulationInvalid(
                f"customers is {self.customers}: give a number from 1 to 9999999"
            )
        if not FEWEST_DAYS <= self.days <= MOST_DAYS:
            raise SimulationInvalid(
                f"days is {self.days}: give a number from {FEWEST_DAYS} "
                f"(two month ends) to {MOST_DAYS}"
            )


def simulate_bank(
    config: SimulationConfig, home: Home, *, progress: Progress = silent
) -> ImportSummary:
    """Replace the home's bank by a simulated one; on any error the home keeps what it had."""
    with Staging(home) as staging:
        simulation = _Simulation(config, staging)
        simulation.run(progress)
        staged = Staged(
            bank="simulated",
            source=f"simulated:seed={config.seed}",
            currency="CNY",
            rows_read=simulation.rows,
        )
        identity = identify(staged, staging, progress)
        replaced = staging.commit(identity)
    return ImportSummary(
        identity=identity,
        rows_read=staged.rows_read,
        repeated={},
        set_to_unknown={},
        notes=(),
        replaced=replaced,
    )


class _Simulation:
    """One run: months outside, blocks inside, so that every table grows in order of time."""

    def __init__(self, config: SimulationConfig, staging: Staging) -> None:
        self._config, self._staging = config, staging
        self._timeline = Timeline.ending(config.end, config.days)
        self._response: ResponseFunction = calibrated_response(config.seed)
        self._blocks = [
            Block(
                config.seed,
                number,
                self._response,
                self._timeline,
                range(first, min(first + BLOCK, config.customers)),
            )
            for number, first in enumerate(range(0, config.customers, BLOCK))
        ]
        self._customers = frames.customer_ids(np.arange(config.customers))
        self._parts = staging.scratch("simulated")
        staging.truth.mkdir()
        self._truth = TruthFiles(staging.truth)
        self._shown: list[Columns] = []
        self._written: dict[str, int] = {}
        self._as_of: list[date] = []

    @property
    def rows(self) -> int:
        """Rows written to all tables."""
        return sum(self._written.values())

    def run(self, progress: Progress) -> None:
        """Live through all months, then put the tables and the truth in place."""
        self._add("products", frames.products_frame())
        self._add("customers", pl.concat([block.first_rows() for block in self._blocks]))
        previous: Step | None = None
        for step in self._timeline.steps:
            self._month(step, previous)
            previous = step
            progress("simulate months", step.index + 1, len(self._timeline.steps))
        self._add_whole_life_tables()
        for done, name in enumerate(self._written):
            self._put_in_place(name)
            progress("write tables", done + 1, len(self._written))
        self._write_truth()

    def _put_in_place(self, name: str) -> None:
        """Join the parts of a table; large ones are in order of time and not sorted again."""
        frame = pl.scan_parquet(sorted(self._parts.glob(f"{name}-*.parquet")))
        if name not in IN_ORDER_OF_TIME:
            self._staging.store.write(name, frame)
            return
        path = self._staging.store.path(name)
        TABLES[name].conform(frame).sink_parquet(path, compression="zstd", statistics=True)

    def _month(self, step: Step, previous: Step | None) -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            months = list(pool.map(lambda block: block.advance(step), self._blocks))
        start = self._timeline.start
        for name, frame in (
            ("transactions", frames.transactions_frame),
            ("events", frames.events_frame),
            ("contacts", frames.contacts_frame),
        ):
            columns = self._in_order([getattr(month, name) for month in months])
            first = self._written.get(name, 0)
            self._add(name, frame(columns, self._customers, start, first))
            if name == "contacts":
                keep = ("row", "second", "product", "acceptance")
                self._shown.append({key: columns[key] for key in keep})
        self._add("customers", pl.concat([month.customers for month in months]))
        if step.is_whole_until_end:
            self._add_snapshot(step, months)
            if previous is not None and previous.is_whole_until_end:
                chances = np.concatenate([month.addition_probability for month in months])
                self._truth.write_additions(previous.last_date, chances)
                self._as_of.append(previous.last_date)
        gc.collect()

    def _in_order(self, parts: list[Columns]) -> Columns:
        """The blocks' columns as one, by time and customer, rows numbered across the bank."""
        for block, part in enumerate(parts):
            part["row"] = part["row"].astype(np.int64) + block * BLOCK
        merged = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        order = np.lexsort((merged["row"], merged["second"]))
        return {key: column[order] for key, column in merged.items()}

    def _add_snapshot(self, step: Step, months: list[BlockMonth]) -> None:
        member = np.concatenate([month.is_member for month in months])
        held = np.concatenate([month.held for month in months])
        customers = self._customers.filter(pl.Series(member))
        self._add("holdings", frames.holdings_frame(customers, held[member], step.last_date))

    def _add_whole_life_tables(self) -> None:
        timeline, days = self._timeline, self._config.days
        for block in self._blocks:
            ids = frames.customer_ids(block.people.number)
            periods = block.ledger.periods()
            self._add("holding_periods", frames.periods_frame(periods, ids, timeline.start))
            self._add("consents", frames.consents_frame(block.consents, ids, timeline.start, days))

    def _add(self, name: str, frame: pl.DataFrame) -> None:
        part = len(list(self._parts.glob(f"{name}-*.parquet")))
        frame.write_parquet(self._parts / f"{name}-{part:05d}.parquet", compression="lz4")
        self._written[name] = self._written.get(name, 0) + frame.height

    def _write_truth(self) -> None:
        header = TruthHeader(
            start=self._timeline.start,
            end=self._timeline.end,
            days=self._config.days,
            seed=self._config.seed,
            products=list(VOCABULARY),
            channels=list(CHANNELS),
            events=list(EVENTS),
            as_of_dates=self._as_of,
        )
        blocks = self._blocks
        columns = TruthColumns(
            customer_id=np.array(self._customers.to_list(), dtype=np.bytes_),
            static_utility=np.concatenate([block.static for block in blocks]),
            permitted=np.concatenate([block.permitted for block in blocks]),
            event_days=np.concatenate([block.event_days for block in blocks]),
            preferred_channel=np.concatenate([b.people.preferred_channel for b in blocks]),
            payday=np.concatenate([block.people.payday for block in blocks]),
            held_at_step=np.concatenate([np.stack(b.held_at_start, 1) for b in blocks]),
        )
        merged = {key: np.concatenate([p[key] for p in self._shown]) for key in self._shown[0]}
        order = np.lexsort((merged["second"], merged["row"]))
        shown = ShownOffers(
            customer_row=merged["row"][order].astype(np.int32),
            second=merged["second"][order].astype(np.int32),
            product=merged["product"][order].astype(np.int16),
            acceptance=merged["acceptance"][order].astype(np.float32),
        )
        self._truth.write(header, self._response, columns, shown)
