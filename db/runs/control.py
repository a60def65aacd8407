"""What users do to runs and jobs: pause, resume, list dead jobs, requeue them, drop them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from core.states import JobState
from db.engine import long_transaction, rows, transaction
from db.queue.claims import FORGIVEN
from db.runs.run import Run
from db.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadJob:
    """A dead or failed job and all its attempts."""

    job_id: int
    run_id: uuid.UUID
    run_name: str
    model: str
    problem: str
    prompt: str
    repetition: int
    attempt_no: int
    max_attempts: int
    failure_kind: str
    error_class: str | None
    error_message: str | None
    finished_at: dt.datetime
    #: One document an attempt, oldest first: attempt_no, worker, host, gpu, outcome, error_class,
    #: started_at, ...
    attempts: Sequence[Mapping[str, Any]]
    #: dead or failed.
    state: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> DeadJob:
        """Read a row of the list of dead jobs."""
        keys = set(cls.__dataclass_fields__) - {"job_id", "run_id"}
        return cls(job_id=row["job"], run_id=row["run"], **{key: row[key] for key in keys})

    def to_dict(self) -> dict[str, Any]:
        """Return its JSON contract."""
        keys = [key for key in self.__dataclass_fields__ if key not in ("job_id", "run_id")]
        return {"job": self.job_id, "run": str(self.run_id)} | {
            key: getattr(self, key) for key in keys
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """What a pause did; nothing where all jobs of the run had ended."""

    held: int
    #: Jobs that continue until their attempt ends.
    running: int


def pause_run(engine: Engine, run: Run) -> Paused:
    """Hold the queued jobs of a run; running ones finish. A paused run stays paused.

    A run whose jobs have all ended is not paused: what is added to it later would wait unseen. An
    interrupted pause leaves the run paused with jobs that continue; pausing again, or resuming,
    repairs it.
    """
    with transaction(engine) as connection:
        rows(connection, statement("lock_run"), {"run": run.run_id})
        if not rows(connection, statement("pause_run", "control"), {"run": run.run_id}):
            return Paused(held=0, running=0)
    held = running = 0
    for states in ([JobState.QUEUED], [JobState.QUEUED, JobState.RUNNING]):
        with long_transaction(engine) as connection:
            given = {"run": run.run_id, "states": [state.value for state in states]}
            marked = rows(connection, statement("hold_jobs", "control"), given)[0]
        held, running = held + marked["held"], running + marked["running"]
    return Paused(held=held, running=running)


def resume_run(engine: Engine, run: Run) -> int:
    """Release the held jobs of a run, with hints in the outbox; return their number.

    An interrupted resume leaves the run paused; resuming again continues where it stopped.
    """
    given = {"run": run.run_id, "state": JobState.QUEUED.value}
    with long_transaction(engine) as connection:
        released = int(rows(connection, statement("release_jobs", "control"), given)[0]["released"])
    with long_transaction(engine) as connection:
        rows(connection, statement("resume_run", "control"), given)
        rest = rows(connection, statement("release_jobs", "control"), given | {"state": None})[0]
    return released + int(rest["released"])


def list_dead(
    engine: Engine, run: Run | None = None, *, job_id: int | None = None, limit: int = 100
) -> tuple[list[DeadJob], int]:
    """Return dead and failed jobs of one run or of all, latest first, and how many there are."""
    given = {"run": run and run.run_id, "job": job_id, "limit": limit}
    with transaction(engine) as connection:
        found = rows(connection, statement("list_dead", "control"), given)
    return [DeadJob.from_row(row) for row in found], int(found[0]["total"]) if found else 0


def retry_jobs(
    engine: Engine,
    run: Run | None,
    states: Sequence[JobState],
    *,
    job_ids: Sequence[int] | None = None,
) -> list[int]:
    """Requeue failed or dead jobs and return their ids.

    Each gets its original number of attempts. ``run`` and ``job_ids`` narrow the choice; None
    means all. Jobs of a paused run are held.
    """
    given = {
        "run": run and run.run_id,
        "jobs": job_ids and list(job_ids),
        "states": [state.value for state in states],
        "forgiven": list(FORGIVEN),
    }
    with long_transaction(engine) as connection:
        return [row["job"] for row in rows(connection, statement("retry_jobs", "control"), given)]


def holding_runs(engine: Engine, job_ids: Sequence[int]) -> list[str]:
    """Return the names of the paused runs that hold some of these jobs."""
    given = {"jobs": list(job_ids)}
    with transaction(engine) as connection:
        return [
            row["name"] for row in rows(connection, statement("holding_runs", "control"), given)
        ]


def drop_dead(
    engine: Engine, run: Run | None, *, job_ids: Sequence[int] | None = None
) -> list[int]:
    """Cancel dead jobs, of one run or of all, and return their ids."""
    given = {"run": run and run.run_id, "jobs": job_ids and list(job_ids)}
    with long_transaction(engine) as connection:
        return [row["job"] for row in rows(connection, statement("drop_dead", "control"), given)]
