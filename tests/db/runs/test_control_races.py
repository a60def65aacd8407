"""A pause while jobs are added or requeued waits for the transaction that came first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlalchemy import Engine, event

from core.hints import HintBroker
from core.states import JobState
from db.engine import rows, transaction
from db.queue.outbox import publish_outbox
from db.runs.control import pause_run, retry_jobs
from db.runs.submissions import Submitted, submit
from db.statements import statement
from tests.support.database import count
from tests.support.jobs import (
    PROBLEM,
    claim_of,
    die,
    progress_of,
    register,
    run_of,
    submission,
    take,
)

WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'evalctl second' "
    "AND wait_event_type = 'Lock'"
)


def pause_before_commit(
    engine: Engine, second: Engine, submitted: Submitted, act: Callable[[], object]
) -> None:
    """Run ``act``, start a pause that has to wait for it, and commit only then."""
    pausing = threading.Thread(target=pause_run, args=(second, run_of(engine, submitted)))

    def hold(_connection: object) -> None:
        if pausing.ident is not None:
            return  # It was started at an earlier commit, also of the question below.
        pausing.start()
        deadline = time.monotonic() + 10
        while not count(engine, WAITING):
            assert time.monotonic() < deadline, "the pause did not wait"

    event.listen(engine, "commit", hold)
    act()
    event.remove(engine, "commit", hold)
    pausing.join(10)
    assert not pausing.is_alive()


def test_a_pause_holds_the_jobs_of_a_submit_in_flight(engine: Engine, second: Engine) -> None:
    submitted = submit(engine, submission())
    pause_before_commit(
        engine, second, submitted, lambda: submit(engine, submission(repetitions=5))
    )
    assert progress_of(engine, submitted).state == "paused"
    assert count(engine, "SELECT count(*) FROM eval.job WHERE held") == 10
    assert take(engine, register(engine)) is None


def test_a_pause_holds_the_jobs_of_a_retry_in_flight(engine: Engine, second: Engine) -> None:
    submitted = submit(engine, submission(max_attempts=1, problems=(PROBLEM,), repetitions=1))
    die(engine, times=1)
    run = run_of(engine, submitted)
    pause_before_commit(
        engine, second, submitted, lambda: retry_jobs(engine, run, (JobState.DEAD,))
    )
    assert progress_of(engine, submitted).state == "paused"
    assert take(engine, register(engine)) is None


def test_a_pause_in_the_middle_of_a_claim_marks_the_running_job(
    engine: Engine, second: Engine
) -> None:
    submitted = submit(engine, submission(problems=(PROBLEM,), repetitions=1))
    given = claim_of(register(engine))

    def claim_slowly() -> None:
        with transaction(engine) as connection:
            assert rows(connection, statement("claim"), given)

    pause_before_commit(engine, second, submitted, claim_slowly)
    assert count(engine, "SELECT count(*) FROM eval.job WHERE held AND state = 'running'") == 1
    with transaction(engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM eval.attempt").scalar_one() == 1


def test_the_publisher_waits_for_no_job_that_another_locks(
    engine: Engine, second: Engine, broker: HintBroker
) -> None:
    submit(engine, submission())
    with transaction(second) as connection:
        connection.exec_driver_sql("SELECT FROM eval.job ORDER BY id LIMIT 3 FOR UPDATE")
        assert publish_outbox(engine, broker) == 4
    assert broker.depth("synthetic") == 4
