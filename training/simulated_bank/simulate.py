"""Simulate a whole bank into a home: canonical tables, its identity, and the truth behind them."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, fields
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
from training.simulated_bank import facts, frames, month_files
from training.simulated_bank.effects import EVENTS
from training.simulated_bank.errors import SimulationInvalid
from training.simulated_bank.lives import FACTS, BlockPlan, MonthEnd, WholeLife
from training.simulated_bank.products import VOCABULARY
from training.simulated_bank.tastes import calibrated_response
from training.simulated_bank.timeline import Step, Timeline
from training.simulated_bank.transactions import Columns
from training.simulated_bank.truth_files import ShownOffers, TruthColumns, TruthFiles, TruthHeader
from training.simulated_bank.workforce import Workforce, answers, one_blas_thread, processes_for
from training.tables.store import TableAppender

DEFAULT_END = date(2026, 10, 31)
FEWEST_DAYS, MOST_DAYS = 62, 3650
HIGHEST_SEED = 2**31 - 1
MONTHS_AHEAD = 2
"""So many months are simulated while one is written: the disk holds no more at a time."""

_TABLE_OF = {"transactions": facts.transactions, "events": facts.events, "contacts": facts.contacts}


@dataclass(frozen=True)
class SimulationConfig:
    """Size and seed; equal configurations give equal bytes, whatever the day they are run on."""

    customers: int = 3000
    days: int = 365
    seed: int = 7
    end: date = DEFAULT_END
    block_customers: int = 10_000
    """Customers drawn and simulated together; another number gives another bank."""

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
        if not 0 <= self.seed <= HIGHEST_SEED:
            raise SimulationInvalid(f"seed is {self.seed}: give a number from 0 to {HIGHEST_SEED}")


def simulate_bank(
    config: SimulationConfig,
    home: Home,
    *,
    progress: Progress = silent,
    processes: int | None = None,
) -> ImportSummary:
    """Replace the home's bank by a simulated one; on any error the home keeps what it had.

    `processes` (None = one per processor) changes how long it takes, and nothing else.
    """
    with Staging(home) as staging, one_blas_thread():
        simulation = _Simulation(config, staging)
        with Workforce(simulation.plan, processes or processes_for(len(simulation.sizes))) as force:
            simulation.run(force, progress)
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
        size, count = config.block_customers, config.customers
        self.sizes = [range(first, min(first + size, count)) for first in range(0, count, size)]
        self.plan = BlockPlan(
            config.seed,
            calibrated_response(config.seed),
            self._timeline,
            staging.scratch("simulated"),
        )
        self._customers = frames.customer_ids(np.arange(count))
        self._customer_rows: list[pl.DataFrame] = []
        staging.truth.mkdir()
        self._truth = TruthFiles(staging.truth)
        self._shown: list[Columns] = []
        self._as_of: list[date] = []
        self.rows = 0

    def run(self, force: Workforce, progress: Progress) -> None:
        """Live through all months, writing each; then what is written once, and the truth."""
        first_rows = [force.ask("begin", number, size) for number, size in enumerate(self.sizes)]
        self._write("products", frames.products_frame())
        with ExitStack() as open_tables:
            tables = {
                name: open_tables.enter_context(self._staging.store.appending(name))
                for name in (*FACTS, "holdings")
            }
            self._customer_rows.extend(answers(first_rows))
            self._months(force, tables, progress)
            self.rows += sum(table.rows for table in tables.values())
        finished = [force.ask("finish", number) for number in range(len(self.sizes))]
        lives: list[WholeLife] = list(answers(finished))
        progress("write tables", 0, 1)
        self._write("customers", pl.concat(self._customer_rows))
        self._write("holding_periods", pl.concat([life.holding_periods for life in lives]))
        self._write("consents", pl.concat([life.consents for life in lives]))
        self._write_truth(lives)
        progress("write tables", 1, 1)

    def _months(
        self, force: Workforce, tables: dict[str, TableAppender], progress: Progress
    ) -> None:
        steps, blocks = self._timeline.steps, len(self.sizes)
        asked: list[list[Future[MonthEnd]]] = []
        for step in steps:
            while len(asked) < min(len(steps), step.index + 1 + MONTHS_AHEAD):
                ahead = steps[len(asked)]
                asked.append([force.ask("advance", n, ahead) for n in range(blocks)])
            ends: list[MonthEnd] = []
            for end in answers(asked[step.index]):
                ends.append(end)
                progress("simulate months", step.index * blocks + len(ends), len(steps) * blocks)
            asked[step.index].clear()
            self._write_month(step, ends, tables)

    def _write_month(
        self, step: Step, ends: list[MonthEnd], tables: dict[str, TableAppender]
    ) -> None:
        for fact in FACTS:
            self._append_facts(fact, step, tables[fact])
        self._customer_rows.extend(end.customers for end in ends)
        if not step.is_whole_until_end:
            return
        member = np.concatenate([end.is_member for end in ends])
        held = np.concatenate([end.held for end in ends])
        customers = self._customers.filter(pl.Series(member))
        tables["holdings"].append(frames.holdings_frame(customers, held[member], step.last_date))
        if step.index and self._timeline.steps[step.index - 1].is_whole_until_end:
            as_of = self._timeline.steps[step.index - 1].last_date
            chances = np.concatenate([end.addition_probability for end in ends])
            self._truth.write_additions(as_of, chances)
            self._as_of.append(as_of)

    def _append_facts(self, fact: str, step: Step, table: TableAppender) -> None:
        paths = [self.plan.facts_file(fact, step, number) for number in range(len(self.sizes))]
        for columns in month_files.in_order(paths):
            rows = _TABLE_OF[fact](columns, self._timeline.start, table.rows)
            table.append_in_order(rows)
            if fact == "contacts":
                keep = ("row", "second", "product", "acceptance")
                self._shown.append({key: columns[key] for key in keep})
        for path in paths:
            path.unlink()

    def _write(self, name: str, frame: pl.DataFrame) -> None:
        self._staging.store.write(name, frame)
        self.rows += frame.height

    def _write_truth(self, lives: list[WholeLife]) -> None:
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
        names = [field.name for field in fields(TruthColumns)]
        hidden = {name: np.concatenate([life.hidden[name] for life in lives]) for name in names}
        merged = {key: np.concatenate([p[key] for p in self._shown]) for key in self._shown[0]}
        order = np.lexsort((merged["second"], merged["row"]))
        shown = ShownOffers(
            customer_row=merged["row"][order].astype(np.int32),
            second=merged["second"][order].astype(np.int32),
            product=merged["product"][order].astype(np.int16),
            acceptance=merged["acceptance"][order].astype(np.float32),
        )
        self._truth.write(header, self.plan.response, TruthColumns(**hidden), shown)
