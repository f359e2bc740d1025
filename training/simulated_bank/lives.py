"""Blocks of customers living side by side in one process, one month at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from training.simulated_bank import frames, month_files
from training.simulated_bank.block import Block
from training.simulated_bank.population import Flags
from training.simulated_bank.timeline import Step, Timeline
from training.simulated_bank.truth import Matrix, ResponseFunction

FACTS = ("transactions", "events", "contacts")


@dataclass(frozen=True)
class BlockPlan:
    """What all blocks of a bank share, and the folder their months are put aside in."""

    seed: int
    response: ResponseFunction
    timeline: Timeline
    folder: Path

    def facts_file(self, fact: str, step: Step, number: int) -> Path:
        """Where a block's facts of one kind and month lie."""
        return self.folder / f"{fact}-{step.index:03d}-{number:05d}.arrow"


@dataclass(frozen=True)
class MonthEnd:
    """What a block's month brought, but for the facts, which are in files."""

    customers: pl.DataFrame
    held: Flags
    is_member: Flags
    addition_probability: Matrix


@dataclass(frozen=True)
class WholeLife:
    """What is known of a block when all months are over: two tables, and the hidden state."""

    holding_periods: pl.DataFrame
    consents: pl.DataFrame
    hidden: dict[str, NDArray[np.generic]]


class Lives:
    """The blocks of one process; every method is for one block, its months in order."""

    def __init__(self, plan: BlockPlan) -> None:
        self._plan = plan
        self._blocks: dict[int, Block] = {}

    def begin(self, number: int, size: range) -> pl.DataFrame:
        """Draw the block's customers; gives their first rows."""
        plan = self._plan
        block = Block(plan.seed, number, plan.response, plan.timeline, size)
        self._blocks[number] = block
        return block.first_rows()

    def advance(self, number: int, step: Step) -> MonthEnd:
        """Live through one month and put its facts aside."""
        block = self._blocks[number]
        month = block.advance(step)
        first = int(block.people.number[0])
        for fact in FACTS:
            path = self._plan.facts_file(fact, step, number)
            month_files.put_aside(path, getattr(month, fact), first)
        return MonthEnd(month.customers, month.held, month.is_member, month.addition_probability)

    def finish(self, number: int) -> WholeLife:
        """What only the end shows; the block is forgotten."""
        block, timeline = self._blocks.pop(number), self._plan.timeline
        ids, days = frames.customer_ids(block.people.number), timeline.steps[-1].end_day
        return WholeLife(
            frames.periods_frame(block.periods(), ids, timeline.start),
            frames.consents_frame(block.consents, ids, timeline.start, days),
            {
                "customer_id": np.array(ids.to_list(), dtype=np.bytes_),
                "static_utility": block.static,
                "permitted": block.permitted,
                "event_days": block.event_days,
                "preferred_channel": block.people.preferred_channel,
                "payday": block.people.payday,
                "held_at_step": np.stack(block.held_at_start, 1),
            },
        )
