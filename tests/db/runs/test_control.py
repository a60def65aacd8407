"""Pause and resume, put back and drop: what users do to jobs while workers claim them."""

from __future__ import annotations

import uuid

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from core.hints import HintBroker
from core.states import FailureKind, JobState
from db.queue.claims import ClaimedJob, LeaseLost
from db.queue.commits import commit
from db.queue.outbox import publish_outbox
from db.runs.control import drop_dead, list_dead, pause_run, resume_run, retry_jobs
from db.runs.run import cancel_run, list_runs
from db.runs.submissions import Submitted, submit
from db.statements import statement
from orchestrator.upkeep.reconciler import Reconciler
from tests.support.database import count, query
from tests.support.jobs import (
    PROBLEM,
    claimed,
    die,
    fail,
    progress_of,
    register,
    run_of,
    spec,
    submission,
    take,
)
from tests.support.results import result

OUTBOX = "SELECT count(*) FROM eval.outbox"
FAILED_OR_DEAD = (JobState.FAILED, JobState.DEAD)


def test_attempts_that_were_handed_back_are_not_given_again_by_a_retry(engine: Engine) -> None:
    submitted = submit(engine, submission(problems=(PROBLEM,), repetitions=1, max_attempts=1))
    me = register(engine)
    for _ in range(3):
        assert fail(engine, claimed(engine, me), error="DRAINED") is JobState.QUEUED
    assert fail(engine, claimed(engine, me)) is JobState.DEAD
    for _ in range(2):
        assert len(retry_jobs(engine, run_of(engine, submitted), FAILED_OR_DEAD)) == 1
        assert fail(engine, claimed(engine, me)) is JobState.DEAD, "one attempt, as at first"


def test_a_paused_run_is_not_claimed_and_its_running_job_finishes(engine: Engine) -> None:
    submitted = submit(engine, submission())
    other = submit(
        engine, submission(experiment_hash="e2", name="other", problems=(PROBLEM,), repetitions=1)
    )
    me = register(engine)
    running = claimed(engine, me)
    paused = pause_run(engine, run_of(engine, submitted))
    assert (paused.held, paused.running) == (3, 1)
    assert progress_of(engine, submitted).state == "paused"
    assert progress_of(engine, submitted).eta_s is None
    assert claimed(engine, me).run_id == other.run_id, "the other run continues"
    assert take(engine, me) is None
    commit(engine, running.job_id, running.attempt_no, result(engine, me, running))
    assert progress_of(engine, submitted).count(JobState.SUCCEEDED) == 1
    assert {run.name: progress.state for run, progress in list_runs(engine)} == {
        "night": "paused",
        "other": "running",
    }
    again = pause_run(engine, run_of(engine, submitted))
    assert (again.held, again.running) == (0, 0)


def test_resume_lets_jobs_be_claimed_and_hints_each_once(
    engine: Engine, broker: HintBroker
) -> None:
    submitted = submit(engine, submission())
    pause_run(engine, run_of(engine, submitted))
    assert publish_outbox(engine, broker, limit=1) == 4, "hints of held jobs are spent on nothing"
    assert take(engine, register(engine)) is None
    assert resume_run(engine, run_of(engine, submitted)) == 4
    assert count(engine, OUTBOX) == 4
    assert resume_run(engine, run_of(engine, submitted)) == 0
    assert count(engine, OUTBOX) == 4
    assert take(engine, register(engine)) is not None
    assert progress_of(engine, submitted).state == "running"
    assert run_of(engine, submitted).paused_at is None


def test_a_hint_still_in_the_outbox_is_not_doubled_by_resume(engine: Engine) -> None:
    submitted = submit(engine, submission())
    pause_run(engine, run_of(engine, submitted))
    assert resume_run(engine, run_of(engine, submitted)) == 4
    assert count(engine, OUTBOX) == 4


def test_what_is_added_to_a_paused_run_waits_too(engine: Engine) -> None:
    submitted = submit(engine, submission())
    pause_run(engine, run_of(engine, submitted))
    more = submit(engine, submission(models=(spec("a"), spec("b"))))
    assert (more.created, more.paused) == (4, True)
    assert count(engine, OUTBOX) == 4, "the added jobs have no hints yet"
    assert take(engine, register(engine)) is None
    assert resume_run(engine, run_of(engine, submitted)) == 8
    assert count(engine, OUTBOX) == 8


@pytest.mark.parametrize("way", ["fail", "expire"])
def test_an_attempt_that_ends_badly_in_a_paused_run_is_followed_by_none(
    engine: Engine, way: str
) -> None:
    submitted = submit(engine, submission(problems=(PROBLEM,), repetitions=1))
    query(engine, "DELETE FROM eval.outbox")
    me = register(engine)
    job = claimed(engine, me)
    assert pause_run(engine, run_of(engine, submitted)).running == 1
    if way == "fail":
        assert fail(engine, job) is JobState.QUEUED
    else:
        query(engine, "UPDATE eval.job SET lease_expires_at = now() - interval '1 s'")
        query(engine, statement("expire"))
    assert take(engine, me) is None
    assert count(engine, OUTBOX) == 0
    assert resume_run(engine, run_of(engine, submitted)) == 1
    assert count(engine, OUTBOX) == 1
    assert claimed(engine, me).attempt_no == 2


def test_the_reconciler_issues_no_hints_for_held_jobs(
    engine: Engine, broker: HintBroker, broker_url: str
) -> None:
    submitted = submit(engine, submission())
    publish_outbox(engine, broker)
    pause_run(engine, run_of(engine, submitted))
    reconciler = Reconciler(engine, broker, stale_hint_s=0.0)
    with redis.Redis.from_url(broker_url) as client:
        client.flushall()
    assert reconciler.tick().rehinted == 0
    resume_run(engine, run_of(engine, submitted))
    assert reconciler.tick().published == 4


def test_cancelling_a_paused_run_ends_it(engine: Engine) -> None:
    submitted = submit(engine, submission())
    pause_run(engine, run_of(engine, submitted))
    assert cancel_run(engine, run_of(engine, submitted)) == 4
    assert progress_of(engine, submitted).state == "cancelled"
    assert resume_run(engine, run_of(engine, submitted)) == 0


def test_dead_jobs_are_listed_with_what_was_tried(engine: Engine) -> None:
    first = submit(engine, submission(max_attempts=2, problems=(PROBLEM,), repetitions=1))
    me, other = register(engine), register(engine)
    assert fail(engine, claimed(engine, me)) is JobState.QUEUED
    assert fail(engine, claimed(engine, other)) is JobState.DEAD
    second = submit(engine, submission(max_attempts=1, experiment_hash="e2", name="second"))
    die(engine, times=2)
    jobs, total = list_dead(engine)
    assert (total, [job.run_name for job in jobs]) == (3, ["second", "second", "night"])
    tried = jobs[-1]
    assert (tried.failure_kind, tried.error_class, tried.attempt_no) == ("poison", "ENGINE_DEAD", 2)
    assert [(a["attempt_no"], a["outcome"], a["failure_kind"]) for a in tried.attempts] == [
        (1, "failed", "infra"),
        (2, "failed", "infra"),
    ]
    assert len({attempt["worker"] for attempt in tried.attempts}) == 2
    assert list_dead(engine, run_of(engine, first))[1] == 1
    limited, total = list_dead(engine, run_of(engine, second), limit=1)
    assert (len(limited), total) == (1, 2)
    assert list_dead(engine, job_id=tried.job_id) == ([tried], 1)
    assert list_dead(engine, job_id=0) == ([], 0)


def test_a_job_put_back_goes_on_counting_and_has_all_its_attempts_again(engine: Engine) -> None:
    submitted = submit(engine, submission(max_attempts=2, problems=(PROBLEM,), repetitions=1))
    me, other = register(engine), register(engine)
    fail(engine, claimed(engine, me), error="A")
    zombie = claimed(engine, me)
    assert fail(engine, zombie, error="B") is JobState.DEAD
    query(engine, "DELETE FROM eval.outbox")
    assert retry_jobs(engine, run_of(engine, submitted), FAILED_OR_DEAD) == [zombie.job_id]
    assert count(engine, OUTBOX) == 1
    assert count(engine, "SELECT max_attempts FROM eval.job") == 4
    assert progress_of(engine, submitted).failures == []
    third = claimed(engine, other)
    assert third.attempt_no == 3
    with pytest.raises(LeaseLost):
        fail(engine, zombie)
    assert fail(engine, third, error="A") is JobState.QUEUED, (
        "what happened before it was put back makes no poison"
    )
    assert fail(engine, claimed(engine, me), error="A") is JobState.DEAD
    assert count(engine, "SELECT count(*) FROM eval.job WHERE failure_kind = 'poison'") == 1
    retry_jobs(engine, None, (JobState.DEAD,))
    assert count(engine, "SELECT max_attempts FROM eval.job") == 6
    last = claimed(engine, me)
    commit(engine, last.job_id, last.attempt_no, result(engine, me, last))
    assert progress_of(engine, submitted).state == "succeeded"
    assert count(engine, "SELECT count(*) FROM eval.attempt") == last.attempt_no == 5


def test_retry_takes_only_the_chosen_jobs(engine: Engine) -> None:
    first = submit(engine, submission(max_attempts=1))
    me = register(engine)
    refused = claimed(engine, me)
    assert fail(engine, refused, kind=FailureKind.REJECTED) is JobState.FAILED
    done = claimed(engine, me)
    commit(engine, done.job_id, done.attempt_no, result(engine, me, done))
    dead = die(engine, times=2)
    submit(engine, submission(max_attempts=1, experiment_hash="e2", name="second"))
    elsewhere = die(engine, times=4)
    assert retry_jobs(
        engine, None, (JobState.DEAD,), job_ids=[dead[0], refused.job_id, done.job_id]
    ) == [dead[0]]
    assert retry_jobs(engine, run_of(engine, first), (JobState.DEAD,), job_ids=elsewhere) == []
    assert retry_jobs(engine, run_of(engine, first), FAILED_OR_DEAD) == sorted(
        [refused.job_id, dead[1]]
    )
    assert list_dead(engine)[1] == 4
    assert retry_jobs(engine, None, (JobState.DEAD,)) == sorted(elsewhere)


def test_a_job_put_back_in_a_paused_run_is_held(engine: Engine) -> None:
    submitted = submit(engine, submission(max_attempts=1, problems=(PROBLEM,), repetitions=1))
    job = claimed(engine, register(engine))
    assert pause_run(engine, run_of(engine, submitted)).running == 1
    assert fail(engine, job) is JobState.DEAD
    query(engine, "DELETE FROM eval.outbox")
    retry_jobs(engine, run_of(engine, submitted), FAILED_OR_DEAD)
    assert take(engine, register(engine)) is None
    assert (count(engine, OUTBOX), progress_of(engine, submitted).state) == (0, "paused")
    assert resume_run(engine, run_of(engine, submitted)) == 1
    assert take(engine, register(engine)) is not None


def test_a_dropped_job_counts_as_cancelled_and_keeps_its_attempts(engine: Engine) -> None:
    submitted = submit(engine, submission(max_attempts=1))
    dead = die(engine, times=4)
    assert drop_dead(engine, None, job_ids=[dead[0]]) == [dead[0]]
    assert drop_dead(engine, None, job_ids=[dead[0]]) == []
    assert len(drop_dead(engine, run_of(engine, submitted))) == 3
    progress = progress_of(engine, submitted)
    assert (progress.count(JobState.CANCELLED), progress.failures) == (4, [])
    assert progress.state == "succeeded"
    assert retry_jobs(engine, None, FAILED_OR_DEAD) == []
    assert count(engine, "SELECT count(*) FROM eval.attempt WHERE outcome = 'failed'") == 4


_WORKERS = ("claim", "commit", "infra", "refused", "expire")
_USERS = ("pause", "resume", "retry", "drop", "more")
_STEPS = st.lists(st.sampled_from([*_WORKERS, *_USERS]), max_size=25)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_STEPS)
def test_whatever_users_and_workers_do_nothing_is_lost_or_claimed_while_held(
    engine: Engine, steps: list[str]
) -> None:
    query(
        engine,
        "TRUNCATE eval.outbox, eval.generation, eval.score, eval.step_verdict, "
        "eval.memory_trace, eval.attempt, eval.job, eval.run, eval.boot CASCADE",
    )
    repetitions, held = 2, False
    submitted = submit(engine, submission(repetitions=repetitions, max_attempts=2))
    workers = [register(engine), register(engine)]
    running: list[tuple[uuid.UUID, ClaimedJob]] = []
    for number, step in enumerate(steps):
        run = run_of(engine, submitted)
        if step == "claim":
            worker_id = workers[number % 2]
            job = take(engine, worker_id)
            assert job is None or not held, "nothing of a paused run is claimed"
            running += [] if job is None else [(worker_id, job)]
        elif step in ("commit", "infra", "refused") and running:
            worker_id, job = running.pop()
            if step == "commit":
                commit(engine, job.job_id, job.attempt_no, result(engine, worker_id, job))
            else:
                fail(
                    engine, job, kind=FailureKind.INFRA if step == "infra" else FailureKind.REJECTED
                )
        elif step == "expire":
            query(
                engine,
                "UPDATE eval.job SET lease_expires_at = now() - interval '1 s' WHERE state = "
                "'running'",
            )
            query(engine, statement("expire"))
            running.clear()
        elif step in ("pause", "resume"):
            held = step == "pause"
            (pause_run if held else resume_run)(engine, run)
        elif step == "retry":
            retry_jobs(engine, run, FAILED_OR_DEAD)
        elif step == "drop":
            drop_dead(engine, run)
        elif step == "more":
            repetitions += 1
            submit(engine, submission(repetitions=repetitions, max_attempts=2))
        check(engine, submitted, jobs=repetitions * 2, held=held)


def check(engine: Engine, submitted: Submitted, *, jobs: int, held: bool) -> None:
    """Hold the database to its invariants."""
    progress = progress_of(engine, submitted)
    assert progress.total == jobs
    assert (progress.state == "paused") == (held and progress.open > 0)
    wrong = (
        "attempt_no <> (SELECT count(*) FROM eval.attempt WHERE job_id = j.id)",
        "(state = 'succeeded') <> (id IN (SELECT job_id FROM eval.generation))",
        f"state IN ('queued', 'running') AND held <> {held}",
        "state = 'queued' AND NOT held AND id NOT IN (SELECT job_id FROM eval.outbox)",
        "attempt_no - retried_after > 2",
    )
    queries = [f"SELECT id FROM eval.job AS j WHERE {condition}" for condition in wrong]
    most = "2 + (SELECT count(*) FROM eval.attempt)"
    queries.append(f"SELECT job_id FROM eval.outbox GROUP BY job_id HAVING count(*) > {most}")
    assert [(sql, found) for sql in queries if (found := query(engine, sql))] == []
