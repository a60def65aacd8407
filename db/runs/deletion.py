"""Delete a run with all that belongs to it, or say what keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import ProgrammingError

from core.errors import DbError
from db.engine import long_transaction, rows, transaction
from db.runs.run import Run, RunNotFound
from db.statements import statement

FILE = "run_deletion"
#: SQLSTATE of a statement that the connected role may not run.
NOT_PERMITTED = "42501"
#: Each deletes what refers to rows of the next ones.
DELETIONS = (
    "delete_judged_steps",
    "delete_judgements",
    "delete_verified_steps",
    "delete_verifications",
    "leave_drafts",
    "delete_pipeline",
    "delete_step_verdicts",
    "delete_scores",
    "delete_traces",
    "delete_imported_answers",
    "delete_answer_files",
    "delete_generations",
    "delete_probe_points",
    "delete_hints",
    "delete_attempts",
    "delete_jobs",
    "delete_tallies",
    "delete_kept_rows",
    "leave_slots",
    "leave_nights",
    "delete_run",
)


class DeletionRefused(DbError):  # noqa: N818 - named for what happened
    """Say that the connected role may delete no result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContents:
    """Numbers of what is deleted with a run, and what refers to it."""

    jobs: int
    open_jobs: int
    answers: int
    traces: int
    scores: int
    #: What judges said of its answers; of a judge run, what it said of another run's answers.
    judgements: int
    #: Records that are only appended; they go with the run only where that is said.
    comparisons: int
    reviews: int
    #: Runs that ask a judge about its answers.
    judge_runs: Sequence[str]
    #: Versions of baselines that are pinned to it.
    baselines: Sequence[str]
    #: Schedules whose night it is, not decided yet.
    open_nights: Sequence[str]

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> RunContents:
        """Read the row of ``run_contents``."""
        lists = ("judge_runs", "baselines", "open_nights")
        return cls(**{**row, **{key: row[key] or [] for key in lists}})

    def reasons(self, name: str, *, force: bool) -> tuple[str, ...]:
        """Return why the run of this name stays, with the cure; empty where it can be deleted.

        ``force`` deletes the comparisons and reviews that refer to it, too.
        """
        found = []
        if self.open_jobs:
            found.append(f"{self.open_jobs} of its jobs are open: `evalctl cancel {name}` first")
        found += [
            f"the baseline {one} is pinned to it, and a pinned night stays"
            for one in self.baselines
        ]
        found += [
            f"the run {one} asks a judge about its answers: delete that run first"
            for one in self.judge_runs
        ]
        found += [f"its night of {one} is not decided yet: wait for it" for one in self.open_nights]
        if self.comparisons and not force:
            found.append(f"{self.comparisons} comparisons refer to it: --force deletes them too")
        if self.reviews and not force:
            found.append(f"people reviewed {self.reviews} of its steps: --force deletes that too")
        return tuple(found)

    def counts(self) -> dict[str, int]:
        """Return what is deleted with the run, by kind."""
        kinds = ("jobs", "answers", "traces", "scores", "judgements", "comparisons", "reviews")
        return {kind: getattr(self, kind) for kind in kinds}


def run_contents(engine: Engine, run: Run) -> RunContents:
    """Return what would be deleted with a run, and what refers to it."""
    with transaction(engine) as connection:
        return _contents(connection, run)


def delete_run(engine: Engine, run: Run, *, force: bool = False) -> tuple[RunContents, bool]:
    """Delete a run and what belongs to it in one transaction; return what, and whether it went.

    It stays where ``RunContents.reasons`` names a reason. Slots and nights of schedules stay
    without it; engine starts and texts that other runs have stay too. Raise ``RunNotFound`` where
    it was deleted meanwhile, ``DeletionRefused`` for a role that does not own the schema.
    """
    given = {"run": run.run_id, "name": run.name}
    with as_owner(), long_transaction(engine) as connection:
        _lock(connection, run)
        found = _contents(connection, run)
        if found.reasons(run.name, force=force):
            return found, False
        _run(connection, "make_text_list")
        _run(connection, "list_texts", given)
        if found.comparisons or found.reviews:
            _delete_records(connection, given)
        for name in DELETIONS:
            _run(connection, name, given)
        _run(connection, "hold_texts")
        _run(connection, "delete_texts")
    return found, True


def _lock(connection: Connection, run: Run) -> None:
    """Keep submits, retries and the keeper of results from the run until the end."""
    given = {"run": run.run_id}
    rows(connection, statement("forget_kept", "run_changes"), given)
    _run(connection, "lock_experiment", given)
    if not _run(connection, "lock_run", given):
        raise RunNotFound(f"run {run.name} has been deleted meanwhile")


def _contents(connection: Connection, run: Run) -> RunContents:
    return RunContents.from_row(_run(connection, "run_contents", {"run": run.run_id})[0])


def _delete_records(connection: Connection, given: dict[str, Any]) -> None:
    """Delete records that a trigger protects; only the schema's owner can lift it."""
    _run(connection, "lift_append_only")
    _run(connection, "delete_comparisons", given)
    _run(connection, "delete_reviews", given)
    _run(connection, "restore_append_only")


def _run(
    connection: Connection, name: str, given: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    return rows(connection, statement(name, FILE), given)


@contextmanager
def as_owner() -> Iterator[None]:
    """Raise ``DeletionRefused`` where the connected role may not delete."""
    try:
        yield
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != NOT_PERMITTED:
            raise
        raise DeletionRefused(
            "nothing was deleted: only the owner of the schema may delete results; "
            "EVALCTL_DATABASE_URL must name that role"
        ) from error
