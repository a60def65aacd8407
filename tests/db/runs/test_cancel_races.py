"""A cancel beside a commit or a submit: a run is cancelled only where a job of it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, event

from core.states import JobState
from db.queue.commits import commit
from db.runs.control import pause_run
from db.runs.run import cancel_run
from db.runs.submissions import RunWasCancelled, submit
from db.statements import statement
from tests.support.database import count
from tests.support.jobs import PROBLEM, claimed, progress_of, register, run_of, submission
from tests.support.results import result


def before(engine: Engine, sql: str, act: Callable[[], object]) -> None:
    """Run ``act`` once, just before the engine executes a statement."""
    waiting = [act]

    def intervene(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
        if text == sql and waiting:
            waiting.pop()()

    event.listen(engine, "before_cursor_execute", intervene)


def test_a_run_whose_last_job_is_committed_just_before_the_cancel_stays_as_it_ended(
    engine: Engine, second: Engine
) -> None:
    submitted = submit(engine, submission(problems=(PROBLEM,), repetitions=1))
    me = register(second)
    job = claimed(second, me)
    made = result(second, me, job)
    before(engine, statement("cancel"), lambda: commit(second, job.job_id, job.attempt_no, made))
    assert cancel_run(engine, run_of(engine, submitted)) == 0
    assert progress_of(engine, submitted).state == "succeeded"
    assert submit(engine, submission(problems=(PROBLEM,), repetitions=2)).created == 1


def test_a_top_up_that_began_before_a_cancel_adds_nothing_after_it(
    engine: Engine, second: Engine
) -> None:
    submitted = submit(engine, submission())
    run = run_of(engine, submitted)
    before(engine, statement("update_experiment", "runs"), lambda: cancel_run(second, run))
    with pytest.raises(RunWasCancelled):
        submit(engine, submission(repetitions=3))
    assert progress_of(engine, submitted).counts == {JobState.CANCELLED: 4}


@pytest.mark.parametrize("act", [pause_run, cancel_run])
def test_what_is_done_to_an_ended_run_leaves_it_open_to_more_jobs(
    engine: Engine, act: Callable[..., object]
) -> None:
    submitted = submit(engine, submission(problems=(PROBLEM,), repetitions=1))
    me = register(engine)
    job = claimed(engine, me)
    commit(engine, job.job_id, job.attempt_no, result(engine, me, job))
    act(engine, run_of(engine, submitted))
    more = submit(engine, submission(problems=(PROBLEM,), repetitions=2))
    assert (more.created, more.paused, more.cancelled) == (1, False, False)
    assert count(engine, "SELECT count(*) FROM eval.job WHERE held") == 0
