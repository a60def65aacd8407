"""Pause runs that would take more GPU hours than their budget, beside the reconciler's loop.

A run is paused when its running jobs and one more would exceed the budget, so it ends a job short
of it rather than over it; one job that takes longer than usual may still exceed it.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid

from sqlalchemy import Engine

from db.engine import DATABASE_ERRORS
from db.runs.run import Run
from db.spending.budgets import (
    BudgetedRun,
    Spending,
    budgeted_runs,
    pause_over_budget,
    set_budget,
    spending,
)
from orchestrator.errors import UsageFault
from reports.texts.estimate import gpu_time

ROUND_S = 1.0
#: A run is looked at again when half of what is left could be used, and after so long at most:
#: other workers may join.
LONGEST_S = 15.0
AFTER_ERROR_S = 10.0
S_PER_HOUR = 3600

log = logging.getLogger("evalctl.reconciler")


class BudgetWatch:
    """Look at the runs with a budget, one round at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread: threading.Thread | None = None
        self._next_s = 0.0
        #: When each run is looked at next, on the monotonic clock.
        self._due_s: dict[uuid.UUID, float] = {}

    def poke(self) -> None:
        """Start a round in the background, unless one runs or the last was a moment ago."""
        if time.monotonic() < self._next_s or (self._thread and self._thread.is_alive()):
            return
        self._next_s = time.monotonic() + ROUND_S
        self._thread = threading.Thread(target=self._guarded_round, name="budgets", daemon=True)
        self._thread.start()

    def finish(self, within_s: float) -> None:
        """Wait for a round that is under way."""
        if self._thread is not None:
            self._thread.join(within_s)

    def round(self) -> list[str]:
        """Pause the runs whose next job would exceed their budget, and return their names."""
        paused = []
        runs = budgeted_runs(self._engine)
        self._due_s = {one.run_id: self._due_s.get(one.run_id, 0.0) for one in runs}
        for run in runs:
            if time.monotonic() < self._due_s[run.run_id]:
                continue
            taken = spending(self._engine, run.run_id)
            if not taken.exceeds(run.budget_gpu_hours):
                self._due_s[run.run_id] = time.monotonic() + _patience_s(run, taken)
                continue
            reason = over_budget(run.budget_gpu_hours, taken)
            held = pause_over_budget(self._engine, run, reason)
            if held is not None:
                log.warning("run %s is paused, %s jobs held: %s", run.name, held, reason)
                paused.append(run.name)
        return paused

    def _guarded_round(self) -> None:
        try:
            self.round()
        except DATABASE_ERRORS as error:
            self._next_s = time.monotonic() + AFTER_ERROR_S
            log.warning("budgets are not checked: %s", error)


def agree_on_budget(engine: Engine, run: Run, budget_gpu_hours: float | None) -> None:
    """Give a run a budget that lets it go on; None keeps the one that it has.

    Raise ``UsageFault`` where the next job would exceed it.
    """
    budget_h = run.budget_gpu_hours if budget_gpu_hours is None else budget_gpu_hours
    if budget_h is None:
        return
    taken = spending(engine, run.run_id)
    if taken.exceeds(budget_h):
        raise UsageFault(
            f"run {run.name} would be paused again: {over_budget(budget_h, taken)}; give "
            f"--budget-gpu-hours more than {taken.next_h:.3g}, or --no-budget"
        )
    if budget_gpu_hours is not None:
        set_budget(engine, run.run_id, budget_gpu_hours)


def over_budget(budget_h: float, taken: Spending) -> str:
    """Say why a run is paused."""
    used = f"{gpu_time(taken.used_h)} of its budget of {gpu_time(budget_h)} GPU time are used"
    return f"{used}, and a job takes about {gpu_time(taken.job_h)}" if taken.job_h else used


def _patience_s(run: BudgetedRun, taken: Spending) -> float:
    left_s = (run.budget_gpu_hours - taken.next_h) * S_PER_HOUR
    return min(LONGEST_S, left_s / 2 / max(1, taken.gpus_running))
