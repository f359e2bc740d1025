"""Processes that live the blocks' months: how many there are changes the time, never a row."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from training.simulated_bank.errors import SimulationStopped
from training.simulated_bank.lives import BlockPlan, Lives

MOST_PROCESSES = 16


def processes_for(blocks: int) -> int:
    """One process for each processor this one may use, and not more than there are blocks."""
    return max(1, min(blocks, len(os.sched_getaffinity(0)), MOST_PROCESSES))


def one_blas_thread() -> threadpool_limits:
    """Several threads round sums otherwise than one does: no truth may depend on the machine."""
    return threadpool_limits(limits=1, user_api="blas")


class Workforce:
    """Hands every block to one process for good; with one process the work stays in this one."""

    def __init__(self, plan: BlockPlan, processes: int) -> None:
        self._lives = Lives(plan) if processes == 1 else None
        self._hands = [self._hand(plan) for _ in range(processes)]

    def __enter__(self) -> Workforce:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        for hand in self._hands:
            hand.shutdown(cancel_futures=True)

    def ask(self, method: str, number: int, *args: Any) -> Future[Any]:
        """Call a method of `Lives` for one block, after all that was asked of it before."""
        hand = self._hands[number % len(self._hands)]
        if self._lives is not None:
            return hand.submit(getattr(self._lives, method), number, *args)
        with _stopped_by_a_lost_process():
            answer = hand.submit(_call, method, number, *args)
        hear_its_end(hand)
        return answer

    def _hand(self, plan: BlockPlan) -> Executor:
        if self._lives is not None:
            return ThreadPoolExecutor(1)
        # Not forked: a fork of a process with threads of its own may hang.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, context, _settle, (plan,))


def hear_its_end(hand: Executor) -> None:
    """Leave the pipe of a process's answers to the process alone, once it runs: while we hold the
    end for writing too, one that is killed in the middle of an answer is waited for for ever.
    """
    writer = getattr(getattr(hand, "_result_queue", None), "_writer", None)
    if writer is not None and not writer.closed:
        writer.close()


def answers(asked: list[Future[Any]]) -> Iterator[Any]:
    """The results in the order asked; `SimulationStopped` when a process is gone."""
    for future in asked:
        with _stopped_by_a_lost_process():
            answer = future.result()
        yield answer


@contextmanager
def _stopped_by_a_lost_process() -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        raise SimulationStopped(
            "a process that simulated customers was ended from outside, perhaps for lack of "
            "memory: simulate fewer customers or free memory"
        ) from error


_lives: Lives | None = None


def _settle(plan: BlockPlan) -> None:
    """Begin a worker process; it ends with the one that started it, whatever ends that."""
    global _lives  # noqa: PLW0603
    _lives = Lives(plan)
    one_blas_thread()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that started it
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _call(method: str, number: int, *args: Any) -> Any:
    return getattr(_lives, method)(number, *args)
