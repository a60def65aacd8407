"""Budgets of runs: what a run has taken of GPUs, and the pause of one that would take too much."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import Engine

from core.states import JobState
from db.engine import long_transaction, rows, transaction
from db.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a run has taken, in GPU hours."""

    used_h: float
    #: What one of its jobs usually takes; 0 before the first has ended.
    job_h: float
    #: What its running attempts will take yet, if they are usual.
    running_h: float
    gpus_running: int

    @property
    def next_h(self) -> float:
        """What it will have taken once the running jobs and one more have ended."""
        return self.used_h + self.running_h + self.job_h

    def exceeds(self, budget_h: float) -> bool:
        """Whether the next job would take it over the budget."""
        return self.used_h >= budget_h or self.next_h > budget_h


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetedRun:
    """A run that works on a budget."""

    run_id: uuid.UUID
    name: str
    budget_gpu_hours: float


def budgeted_runs(engine: Engine) -> list[BudgetedRun]:
    """Return the runs with a budget that have open jobs and are not paused, oldest first."""
    with transaction(engine) as connection:
        return [BudgetedRun(**row) for row in rows(connection, _sql("budgeted_runs"))]


def spending(engine: Engine, run_id: uuid.UUID) -> Spending:
    """Return what a run has taken until now."""
    with transaction(engine) as connection:
        return Spending(**rows(connection, _sql("spending"), {"run": run_id})[0])


def pause_over_budget(engine: Engine, run: BudgetedRun, reason: str) -> int | None:
    """Pause a run for its budget: queued jobs are held, running ones finish; return how many held.

    None where it was paused, cancelled or given another budget meanwhile. A run that is marked has
    its queued jobs held: both are one transaction.
    """
    with long_transaction(engine) as connection:
        given = {"run": run.run_id, "budget": run.budget_gpu_hours, "reason": reason}
        if not rows(connection, _sql("pause_over_budget"), given):
            return None
        queued = {"run": run.run_id, "states": [JobState.QUEUED.value]}
        held = int(rows(connection, statement("hold_jobs", "control"), queued)[0]["held"])
    with long_transaction(engine) as connection:
        both = [state.value for state in (JobState.QUEUED, JobState.RUNNING)]
        again = {"run": run.run_id, "states": both}
        return held + int(rows(connection, statement("hold_jobs", "control"), again)[0]["held"])


def set_budget(engine: Engine, run_id: uuid.UUID, budget_gpu_hours: float | None) -> None:
    """Give a run a budget, another one, or none."""
    with transaction(engine) as connection:
        given = {"run": run_id, "budget": budget_gpu_hours}
        rows(connection, _sql("set_budget"), given)


def _sql(name: str) -> str:
    return statement(name, "spending")
