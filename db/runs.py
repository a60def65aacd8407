"""Runs: submit jobs in one transaction, find a run, say how far it is, take it back."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine

from core.errors import DbError
from core.limits import HINTS_AT_MOST
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from core.states import JobState
from db.engine import long_transaction, rows, transaction
from db.statements import statement

#: Failed and dead jobs of a run that are looked at for its errors, the latest.
FAILURES_AT_MOST = 20_000


class RunNotFound(DbError):  # noqa: N818 - named for what happened
    """Say that no run, or more than one, answers to a reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemRecord:
    """A problem as it is stored with the jobs that use it."""

    name: str
    content_hash: str
    category: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Everything one submit writes: the cross product of models, problems, prompts and repetitions.

    Of a probe: models x repetitions, with its kind as the one prompt.
    """

    name: str
    #: Hash of what makes two submissions the same run.
    experiment_hash: str
    experiment: Mapping[str, Any]
    provenance: Mapping[str, Any]
    models: Sequence[ModelSpec]
    problems: Sequence[ProblemRecord]
    prompts: Sequence[str]
    repetitions: int
    mode: str
    #: Its seed is the base: repetition k runs with seed + k.
    sampling: SamplingParams
    priority: int = 0
    max_attempts: int = 3
    #: Give each repetition an engine started for it.
    fresh_engine: bool = False
    #: What a probe searches for, and how; None for generations.
    probe: Mapping[str, Any] | None = None
    #: Make another run even where the experiment has one.
    new: bool = False

    @property
    def jobs(self) -> int:
        """How many jobs that are."""
        asked = 1 if self.probe is not None else len(self.problems) * len(self.prompts)
        return len(self.models) * asked * self.repetitions


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What a submit did."""

    run_id: uuid.UUID
    name: str
    jobs: int
    created: int
    new_run: bool
    cancelled: bool
    #: The run is paused, and so are the jobs that were added.
    paused: bool = False

    @property
    def existing(self) -> int:
        """How many of the planned jobs were there already."""
        return self.jobs - self.created


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

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Run:
        """Read a row of the run statements."""
        keys = ("name", "mode", "created_at", "cancelled_at", "paused_at", "experiment")
        return cls(run_id=row["id"], **{key: row[key] for key in keys})


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is."""

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
        """One word for the run: queued, running, paused, succeeded, failed or cancelled."""
        if self.cancelled and not self.open:
            return "cancelled"
        if self.paused and self.open:
            return "paused"
        if self.open:
            return "queued" if self.open == self.count(JobState.QUEUED) == self.total else "running"
        return "failed" if self.count(JobState.FAILED, JobState.DEAD) else "succeeded"

    @property
    def eta_s(self) -> float | None:
        """Seconds until the last job is expected to finish; None where nothing is known yet."""
        if not self.open:
            return 0.0
        return (
            None
            if self.paused or self.seconds_per_job is None
            else self.seconds_per_job * self.open
        )


def submit(engine: Engine, submission: Submission) -> Submitted:
    """Write run, jobs and hints in one transaction; when it returns, nothing of them can be lost.

    Jobs that the run has already are left as they are, so that submitting again tops it up.
    """
    with transaction(engine) as connection:
        return submit_in(connection, submission)


def submit_in(connection: Connection, submission: Submission) -> Submitted:
    """Submit within a transaction of the caller's, who writes more that must stand or fall with the run."""
    rows(connection, statement("lift_statement_timeout", "connections"))
    model_ids = _store_models(connection, submission.models)
    problem_ids = _store_problems(connection, submission.problems)
    run = _find_or_make_run(connection, submission)
    given = {
        "run": run["id"],
        "models": model_ids,
        "repetitions": submission.repetitions,
        "mode": submission.mode,
        "sampling": json.dumps(submission.sampling.to_dict()),
        "priority": submission.priority,
        "max_attempts": submission.max_attempts,
        "hints": HINTS_AT_MOST * len({model.queue for model in submission.models}),
    }
    if submission.probe is None:
        insert = statement("insert_jobs", "runs")
        given |= {
            "problems": problem_ids,
            "prompts": list(submission.prompts),
            "fresh_engine": submission.fresh_engine,
        }
    else:
        insert = statement("insert_searches", "probes")
        given |= {"kind": submission.prompts[0], "probe": json.dumps(dict(submission.probe))}
    counted = rows(connection, insert, given)[0]
    return Submitted(
        run_id=run["id"],
        name=run["name"],
        jobs=submission.jobs,
        created=counted["created"],
        new_run=run["new"],
        cancelled=run["cancelled_at"] is not None,
        paused=run["paused_at"] is not None,
    )


def find_run(engine: Engine, reference: str) -> Run:
    """Return the run with an id, a unique prefix of one, a name, or ``latest``. Raise ``RunNotFound``."""
    with transaction(engine) as connection:
        if reference == "latest":
            found = rows(connection, statement("latest_run", "runs"))
        else:
            found = rows(connection, statement("find_run", "runs"), {"ref": reference})
    if not found:
        raise RunNotFound(f"no run answers to {reference!r}; `evalctl status` lists them")
    if len(found) > 1:
        raise RunNotFound(
            f"more than one run begins with {reference!r}; give more of the id, or the name"
        )
    return Run.from_row(found[0])


def run_progress(engine: Engine, run: Run) -> Progress:
    """Say how far a run is."""
    with transaction(engine) as connection:
        counted = rows(connection, statement("run_counts", "runs"), {"run": run.run_id})[0]
        pace = rows(connection, statement("run_pace", "runs"), {"run": run.run_id})[0]
        given = {"run": run.run_id, "latest": FAILURES_AT_MOST}
        failures = rows(connection, statement("run_failures", "runs"), given)
    return Progress(
        counts=_counts(counted),
        cancelled=run.cancelled_at is not None,
        paused=run.paused_at is not None,
        seconds_per_job=pace["seconds_per_job"],
        failures=failures,
    )


def list_runs(engine: Engine, limit: int = 20) -> list[tuple[Run, Progress]]:
    """Return the newest runs with their counts, newest first."""
    with transaction(engine) as connection:
        found = rows(connection, statement("run_list", "runs"), {"limit": limit})
    return [(Run.from_row(row), _listed_progress(row)) for row in found]


def cancel_run(engine: Engine, run: Run) -> int:
    """Cancel what is not finished and return how many jobs that were; running attempts can write nothing any more."""
    with long_transaction(engine) as connection:
        return int(rows(connection, statement("cancel"), {"run": run.run_id})[0]["cancelled"])


def _listed_progress(row: Mapping[str, Any]) -> Progress:
    return Progress(
        counts=_counts(row),
        cancelled=row["cancelled_at"] is not None,
        paused=row["paused_at"] is not None,
    )


def _counts(row: Mapping[str, Any]) -> dict[JobState, int]:
    """Read the sum of a run's tally, which knows no difference between queued and running, and the running jobs."""
    known = [state for state in JobState if state is not JobState.QUEUED]
    counts: dict[JobState, int] = {state: int(row[state.value] or 0) for state in known}
    counts[JobState.QUEUED] = int(row["open"] or 0) - counts[JobState.RUNNING]
    return {state: jobs for state, jobs in counts.items() if jobs}


def _store_models(connection: Connection, models: Sequence[ModelSpec]) -> list[int]:
    documents = [
        {
            "name": spec.name,
            "spec_hash": spec.spec_hash,
            "engine": spec.engine,
            "queue": spec.queue,
            "synthetic": spec.synthetic,
            "price_per_gpu_hour": spec.price_per_gpu_hour,
            "spec": spec.to_dict(),
        }
        for spec in models
    ]
    stored = rows(connection, statement("upsert_models", "runs"), {"models": json.dumps(documents)})
    ids = {row["name"]: row["id"] for row in stored}
    return [ids[spec.name] for spec in models]


def _store_problems(connection: Connection, problems: Sequence[ProblemRecord]) -> list[int]:
    documents = [
        {
            "name": problem.name,
            "content_hash": problem.content_hash,
            "category": problem.category,
            "document": dict(problem.document),
        }
        for problem in problems
    ]
    given = {"problems": json.dumps(documents, ensure_ascii=False)}
    rows(connection, statement("upsert_problems", "runs"), given)
    return [row["id"] for row in rows(connection, statement("problem_ids", "runs"), given)]


def _find_or_make_run(connection: Connection, submission: Submission) -> dict[str, Any]:
    given = {"experiment_hash": submission.experiment_hash}
    last = rows(connection, statement("last_run_of_experiment", "runs"), given)[0]
    if last["id"] is not None and not submission.new:
        merged = _merged(last["experiment"], submission.experiment)
        given = {"run": last["id"], "experiment": json.dumps(merged)}
        return (
            last
            | rows(connection, statement("update_experiment", "runs"), given)[0]
            | {"new": False}
        )
    ordinal = (last["ordinal"] or 0) + 1
    # Another experiment may have taken the name, e.g. the same one before its problems were changed.
    wanted = {"name": submission.name}
    rows(connection, statement("lock_name", "runs"), wanted)
    name = rows(connection, statement("free_name", "runs"), wanted)[0]["name"]
    made = rows(
        connection,
        statement("insert_run", "runs"),
        {
            "name": name,
            "experiment_hash": submission.experiment_hash,
            "ordinal": ordinal,
            "mode": submission.mode,
            "experiment": json.dumps(dict(submission.experiment)),
            "provenance": json.dumps(dict(submission.provenance)),
        },
    )[0]
    return {"id": made["id"], "name": name, "new": True, "cancelled_at": None, "paused_at": None}


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the run asks for after a top-up: the union of models and prompts, the larger repetitions."""
    merged = dict(old) | dict(new)
    for key in ("models", "prompts"):
        merged[key] = list(dict.fromkeys([*old.get(key, []), *new.get(key, [])]))
    merged["repetitions"] = max(old.get("repetitions", 0), new.get("repetitions", 0))
    return merged
