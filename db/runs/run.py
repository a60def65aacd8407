"""Runs: find one, measure its progress, cancel it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine

from core.errors import DbError
from core.states import JobState
from db.engine import long_transaction, rows, transaction
from db.statements import statement

#: A time without any job's end that is longer, and ten times the usual one, counts into no rate.
PAUSE_S = 300.0
#: Most failed and dead jobs of a run that are searched for its errors, the latest.
FAILURES_AT_MOST = 20_000


class RunNotFound(DbError):  # noqa: N818 - named for what happened
    """Say that no run, or more than one, matches a reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as users name it."""

    run_id: uuid.UUID
    name: str
    mode: str
    created_at: dt.datetime
    cancelled_at: dt.datetime | None
    paused_at: dt.datetime | None
    experiment: Mapping[str, Any]
    #: Versions, host and hashes at the first submit.
    provenance: Mapping[str, Any]
    #: Words that users gave it, sorted.
    tags: Sequence[str] = ()
    #: GPU hours that it may take; None for no budget.
    budget_gpu_hours: float | None = None
    #: Why it is paused; None where a person paused it.
    pause_reason: str | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Run:
        """Read a row of the run statements."""
        keys = ("name", "mode", "created_at", "cancelled_at", "paused_at", "experiment")
        later = ("provenance", "tags", "budget_gpu_hours", "pause_reason")
        values = {key: row[key] for key in (*keys, *later)}
        return cls(run_id=row["id"], **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Progress of a run."""

    counts: Mapping[JobState, int]
    cancelled: bool
    paused: bool = False
    #: Mean seconds between the last finished jobs; None while fewer than two are.
    seconds_per_job: float | None = None
    #: Errors, most frequent first, among the latest ``FAILURES_AT_MOST`` failed and dead jobs.
    failures: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    def count(self, *states: JobState) -> int:
        """Return the number of jobs in these states."""
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def open(self) -> int:
        """Jobs that are not finished."""
        return self.count(JobState.QUEUED, JobState.RUNNING)

    @property
    def total(self) -> int:
        """All jobs."""
        return sum(self.counts.values())

    @property
    def state(self) -> str:
        """State of the run: queued, running, paused, succeeded, failed or cancelled."""
        if self.cancelled and not self.open:
            return "cancelled"
        if self.paused and self.open:
            return "paused"
        if self.open:
            return "queued" if self.open == self.count(JobState.QUEUED) == self.total else "running"
        return "failed" if self.count(JobState.FAILED, JobState.DEAD) else "succeeded"

    @property
    def eta_s(self) -> float | None:
        """Seconds until the last job is expected to finish; None where it is not known yet."""
        if not self.open:
            return 0.0
        return (
            None
            if self.paused or self.seconds_per_job is None
            else self.seconds_per_job * self.open
        )


def find_run(engine: Engine, reference: str) -> Run:
    """Return the run with an id, a unique prefix of one, a name, or ``latest``.

    Raise ``RunNotFound``.
    """
    with transaction(engine) as connection:
        if reference == "latest":
            found = rows(connection, statement("latest_run", "runs"))
        else:
            found = rows(connection, statement("find_run", "runs"), {"ref": reference})
    if not found:
        raise RunNotFound(f"no run matches {reference!r}; `evalctl status` lists the runs")
    if len(found) > 1:
        raise RunNotFound(
            f"several runs match {reference!r}; give a longer prefix of the id, or the name"
        )
    return Run.from_row(found[0])


def run_progress(engine: Engine, run: Run) -> Progress:
    """Return the progress of a run."""
    with transaction(engine) as connection:
        counted = rows(connection, statement("run_counts", "runs"), {"run": run.run_id})[0]
        since = {"run": run.run_id, "pause_s": PAUSE_S}
        rate = rows(connection, statement("run_pace", "runs"), since)[0]
        given = {"run": run.run_id, "latest": FAILURES_AT_MOST}
        failures = rows(connection, statement("run_failures", "runs"), given)
    return Progress(
        counts=_counts(counted),
        cancelled=run.cancelled_at is not None,
        paused=run.paused_at is not None,
        seconds_per_job=rate["seconds_per_job"],
        failures=failures,
    )


def list_runs(
    engine: Engine, limit: int = 20, *, tag: str | None = None
) -> list[tuple[Run, Progress]]:
    """Return the newest runs, of all or with one tag, with their counts, newest first."""
    with transaction(engine) as connection:
        found = rows(connection, statement("run_list", "runs"), {"limit": limit, "tag": tag})
    return [(Run.from_row(row), _listed_progress(row)) for row in found]


def cancel_run(engine: Engine, run: Run) -> int:
    """Cancel the unfinished jobs and return their number; running attempts can no longer write.

    A run without any stays as it is.
    """
    given = {"run": run.run_id}
    with long_transaction(engine) as connection:
        rows(connection, statement("lock_run"), given)
        cancelled = int(rows(connection, statement("cancel"), given)[0]["cancelled"])
        if cancelled:
            rows(connection, statement("mark_cancelled"), given)
        return cancelled


def _listed_progress(row: Mapping[str, Any]) -> Progress:
    return Progress(
        counts=_counts(row),
        cancelled=row["cancelled_at"] is not None,
        paused=row["paused_at"] is not None,
    )


def _counts(row: Mapping[str, Any]) -> dict[JobState, int]:
    """Read the sums of a run's tally, which has queued and running jobs in one."""
    known = [state for state in JobState if state is not JobState.QUEUED]
    counts: dict[JobState, int] = {state: int(row[state.value] or 0) for state in known}
    counts[JobState.QUEUED] = int(row["open"] or 0) - counts[JobState.RUNNING]
    return {state: jobs for state, jobs in counts.items() if jobs}


def engine_log(engine: Engine, job_id: int) -> Mapping[str, Any] | None:
    """Return the engine start of a job: ``start_id``, ``log_path`` on ``host``, kept ``content``.

    None where no engine of its model started on the worker that tried it.
    """
    with transaction(engine) as connection:
        found = rows(connection, statement("engine_log", "runs"), {"job": job_id})
    return found[0] if found else None
