"""The tally of a run is the number of its jobs by state, however it is folded."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from core.states import JobState
from db.engine import rows, transaction
from db.queue.commits import commit
from db.runs.control import drop_dead, pause_run, resume_run, retry_jobs
from db.runs.run import cancel_run
from db.runs.submissions import RunWasCancelled, Submitted, submit
from db.statements import statement
from orchestrator.upkeep.reconciler import TALLY_AT_MOST, Reconciler
from tests.support.database import count, query
from tests.support.jobs import PROBLEM, claimed, fail, progress_of, register, run_of, submission
from tests.support.results import result

COUNTED = "SELECT state, count(*) AS jobs FROM eval.job WHERE run_id = %(run)s GROUP BY state"
ROWS = "SELECT count(*) FROM eval.run_tally"


def agrees(engine: Engine, submitted: Submitted) -> dict[JobState, int]:
    """Compare what status says with the jobs themselves, and return it."""
    with transaction(engine) as connection:
        found = {
            JobState(row["state"]): row["jobs"]
            for row in rows(connection, COUNTED, {"run": submitted.run_id})
        }
    assert progress_of(engine, submitted).counts == found
    return found


def fold(engine: Engine) -> None:
    with transaction(engine) as connection:
        rows(connection, statement("fold_tallies", "runs"), {"longest": 1})


def test_every_move_of_a_job_is_counted(engine: Engine) -> None:
    submitted = submit(engine, submission(max_attempts=1, repetitions=3))
    me = register(engine)
    assert agrees(engine, submitted) == {JobState.QUEUED: 6}
    job = claimed(engine, me)
    assert agrees(engine, submitted) == {JobState.QUEUED: 5, JobState.RUNNING: 1}
    commit(engine, job.job_id, job.attempt_no, result(engine, me, job))
    for _ in range(2):
        fail(engine, claimed(engine, me))
    assert agrees(engine, submitted) == {
        JobState.QUEUED: 3,
        JobState.SUCCEEDED: 1,
        JobState.DEAD: 2,
    }
    fold(engine)
    dead = retry_jobs(engine, run_of(engine, submitted), (JobState.DEAD,))[0]
    assert agrees(engine, submitted)[JobState.QUEUED] == 5
    for _ in range(5):
        fail(engine, claimed(engine, me))
    assert drop_dead(engine, None, job_ids=[dead]) == [dead]
    assert agrees(engine, submitted) == {
        JobState.SUCCEEDED: 1,
        JobState.DEAD: 4,
        JobState.CANCELLED: 1,
    }
    fold(engine)
    assert agrees(engine, submitted)[JobState.DEAD] == 4
    assert count(engine, ROWS) == 1


def test_pause_and_cancel_and_a_top_up_are_counted(engine: Engine) -> None:
    submitted = submit(engine, submission())
    other = submit(engine, submission(experiment_hash="e2", name="other", problems=(PROBLEM,)))
    pause_run(engine, run_of(engine, submitted))
    assert agrees(engine, submit(engine, submission(repetitions=4))) == {JobState.QUEUED: 8}
    resume_run(engine, run_of(engine, submitted))
    assert agrees(engine, submit(engine, submission(repetitions=4))) == {JobState.QUEUED: 8}, (
        "nothing was added"
    )
    cancel_run(engine, run_of(engine, submitted))
    assert agrees(engine, submitted) == {JobState.CANCELLED: 8}
    with pytest.raises(RunWasCancelled, match=f"run {submitted.name} was cancelled .* use --new"):
        submit(engine, submission(repetitions=5))
    assert agrees(engine, submitted) == {JobState.CANCELLED: 8}, "nothing was added"
    assert submit(engine, submission(repetitions=5, new=True)).created == 10
    assert agrees(engine, other) == {JobState.QUEUED: 2}


def test_what_is_rolled_back_or_deleted_is_not_counted(engine: Engine) -> None:
    submitted = submit(engine, submission())
    with transaction(engine) as connection:
        connection.exec_driver_sql("UPDATE eval.job SET state = 'cancelled', finished_at = now()")
        connection.rollback()
    assert agrees(engine, submitted) == {JobState.QUEUED: 4}
    query(engine, "DELETE FROM eval.outbox")
    query(engine, "DELETE FROM eval.job WHERE repetition = 1")
    assert agrees(engine, submitted) == {JobState.QUEUED: 2}


def test_the_reconciler_keeps_tallies_short(engine: Engine, broker: HintBroker) -> None:
    submitted = submit(engine, submission(repetitions=TALLY_AT_MOST))
    for job in range(TALLY_AT_MOST):
        cancel_one(engine, job)
    assert count(engine, ROWS) == TALLY_AT_MOST + 1
    before: dict[Any, int] = agrees(engine, submitted)
    Reconciler(engine, broker).tick()
    assert count(engine, ROWS) == 1
    assert (
        agrees(engine, submitted)
        == before
        == {JobState.QUEUED: TALLY_AT_MOST, JobState.CANCELLED: TALLY_AT_MOST}
    )


def cancel_one(engine: Engine, number: int) -> None:
    with transaction(engine) as connection:
        given = {"number": number}
        done = """UPDATE eval.job SET state = 'cancelled', finished_at = now()
                   WHERE id = (SELECT id FROM eval.job ORDER BY id OFFSET %(number)s LIMIT 1)"""
        rows(connection, done, given)
