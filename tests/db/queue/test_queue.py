"""Claim, keep, finish, give up: the statements that must never lose a job or count it twice."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import pytest
from sqlalchemy import Engine, event

from core.hints import HintBroker, queue_name
from core.states import BY_HAND, JOB_MOVES, TERMINAL, FailureKind, JobState
from db.engine import open_database, rows, transaction
from db.models import Base
from db.queue.claims import DRAINED, ClaimedJob, Failure, LeaseLost, give_up, renew
from db.queue.commits import commit
from db.queue.outbox import publish_outbox
from db.runs.run import cancel_run, find_run
from db.runs.submissions import submit
from db.statements import statement
from tests.support.database import count, query
from tests.support.jobs import PROBLEM, QUEUES, progress_of, register, spec, submission, take
from tests.support.results import result


@pytest.fixture
def worker(engine: Engine) -> Callable[[], uuid.UUID]:
    """Register a worker and return its id."""
    return partial(register, engine)


def test_submit_makes_every_combination_once_with_its_hint(engine: Engine) -> None:
    submitted = submit(engine, submission())
    assert (submitted.jobs, submitted.created, submitted.new_run) == (4, 4, True)
    assert count(engine, "SELECT count(*) FROM eval.job") == 4
    assert count(engine, "SELECT count(*) FROM eval.outbox") == 4
    seeds = "SELECT array_agg(DISTINCT (sampling ->> 'seed')::int) = ARRAY[101, 102] FROM eval.job"
    assert count(engine, seeds) == 1


def test_submitting_again_adds_nothing_and_more_of_it_tops_up(engine: Engine) -> None:
    first = submit(engine, submission())
    again = submit(engine, submission())
    assert (again.created, again.existing, again.run_id) == (0, 4, first.run_id)
    more = submit(engine, submission(models=(spec("a"), spec("b")), repetitions=3))
    assert (more.created, more.existing, more.run_id) == (8, 4, first.run_id)
    assert (
        find_run(engine, "night").run_id
        == find_run(engine, str(first.run_id)[:8]).run_id
        == first.run_id
    )


def test_new_makes_another_run_of_the_same_experiment(engine: Engine) -> None:
    first = submit(engine, submission())
    second = submit(engine, submission(new=True))
    assert second.run_id != first.run_id
    assert (second.name, second.created) == ("night-2", 4)
    assert second.taken_name is None, "it is of the same experiment"
    assert find_run(engine, "latest").run_id == second.run_id


def test_another_experiment_of_the_same_name_gets_the_next_free_name(engine: Engine) -> None:
    made = [submit(engine, submission(experiment_hash=f"e{number}")) for number in range(3)]
    assert [one.name for one in made] == ["night", "night-2", "night-3"]
    assert [one.taken_name for one in made] == [None, "night", "night"]
    assert submit(engine, submission(experiment_hash="e1")).name == "night-2", (
        "and keeps it when it is submitted again"
    )


def test_claim_prefers_the_loaded_model_then_priority_then_age(
    engine: Engine, worker: Callable[[], uuid.UUID]
) -> None:
    submit(engine, submission(models=(spec("a"), spec("b")), repetitions=1))
    submit(
        engine,
        submission(
            models=(spec("c"),), repetitions=1, priority=-1, experiment_hash="e2", name="urgent"
        ),
    )
    me = worker()
    urgent = take(engine, me)
    assert urgent is not None
    assert urgent.spec.name == "c", (
        "the smallest priority number comes first for a worker without a model"
    )
    assert take(engine, me, queues=QUEUES, loaded_model_id=None) is not None
    model_b = count(engine, "SELECT id FROM eval.model WHERE name = 'b'")
    for _ in range(2):
        job = take(engine, me, loaded_model_id=model_b)
        assert job is not None
        assert job.spec.name == "b", "the loaded model is drained before another is loaded"
    last = take(engine, me, loaded_model_id=model_b)
    assert last is not None
    assert last.spec.name in {"a", "c"}


def test_a_model_that_waited_past_the_age_bound_goes_first(
    engine: Engine, worker: Callable[[], uuid.UUID]
) -> None:
    submit(engine, submission(models=(spec("a"), spec("b")), repetitions=1))
    query(engine, "UPDATE eval.job SET available_at = now() - interval '1 hour'")
    model_a = count(engine, "SELECT id FROM eval.model WHERE name = 'a'")
    me = worker()
    hot = take(engine, me, loaded_model_id=model_a, loaded_for_s=60.0, age_bound_s=900.0)
    assert hot is not None
    assert hot.spec.name == "a", "within the bound the worker stays with its model"
    starved = take(engine, me, loaded_model_id=model_a, loaded_for_s=901.0, age_bound_s=900.0)
    assert starved is not None
    assert starved.spec.name == "b"


def test_a_worker_claims_only_from_its_queues(
    engine: Engine, worker: Callable[[], uuid.UUID]
) -> None:
    submit(engine, submission(models=(spec("a", queue="elsewhere"),)))
    assert take(engine, worker()) is None
    assert take(engine, worker(), queues=("elsewhere",)) is not None


def test_commit_writes_everything_and_finishes_the_job(
    engine: Engine, worker: Callable[[], uuid.UUID]
) -> None:
    submitted = submit(engine, submission(problems=(PROBLEM,), repetitions=1))
    me = worker()
    job = take(engine, me)
    assert job is not None
    commit(engine, job.job_id, job.attempt_no, result(engine, me, job))
    assert progress_of(engine, submitted).state == "succeeded"
    for table in ("generation", "score", "step_verdict", "text_blob"):
        assert count(engine, f"SELECT count(*) FROM eval.{table}") == 1, table
    assert (
        count(
            engine,
            "SELECT count(*) FROM eval.attempt WHERE outcome = 'succeeded' AND boot_id IS NOT NULL",
        )
        == 1
    )


def test_a_claim_passes_over_a_model_whose_last_job_another_worker_is_claiming(
    engine: Engine, worker: Callable[[], uuid.UUID]
) -> None:
    submit(engine, submission(models=(spec("a"), spec("b")), problems=(PROBLEM,), repetitions=1))
    lock = (
        "SELECT m.id FROM eval.job AS j JOIN eval.model AS m ON m.id = j.model_id WHERE "
        "m.name = 'a' FOR UPDATE OF j"
    )
    with transaction(engine) as connection:
        loaded = rows(connection, lock)[0]["id"]
        job = take(engine, worker(), loaded_model_id=loaded)
        assert job is not None
        assert job.spec.name == "b"


def test_the_commit_writes_every_column_that_a_result_can_have() -> None:
    own = {"id", "created_at", "superseded"}  # the database's
    written = re.findall(r"INSERT INTO eval\.(\w+) \(([^)]*)\)", statement("commit", "commits"))
    listed = {
        table: {column.strip() for column in columns.split(",")} for table, columns in written
    }
    for queued in ("job", "outbox"):  # a verification; what is not named has its default
        del listed[queued]
    assert len(listed) == 9
    for table, columns in listed.items():
        assert (
            columns
            == {column.name for column in Base.metadata.tables[f"eval.{table}"].columns} - own
        ), table


def test_a_commit_that_took_place_unnoticed_is_not_taken_for_a_lost_lease(
    engine: Engine, worker: Callable[[], uuid.UUID]
) -> None:
    submit(engine, submission(problems=(PROBLEM,), repetitions=1))
    me = worker()
    job = take(engine, me)
    assert job is not None
    made = result(engine, me, job)
    commit(engine, job.job_id, job.attempt_no, made)
    commit(engine, job.job_id, job.attempt_no, made)
    assert count(engine, "SELECT count(*) FROM eval.generation") == 1
    assert count(engine, "SELECT count(*) FROM eval.score") == 1


def test_an_attempt_handed_back_does_not_count_against_the_job(
    engine: Engine, worker: Callable[[], uuid.UUID]
) -> None:
    submit(engine, submission(problems=(PROBLEM,), repetitions=1, max_attempts=1))
    handed_back = Failure(
        kind=FailureKind.INFRA, error_class=DRAINED, sentence="the worker is draining"
    )
    for attempt_no in (1, 2, 3):
        job = take(engine, worker())
        assert job is not None, "it can be claimed again at once"
        assert job.attempt_no == attempt_no
        assert give_up(engine, job.job_id, attempt_no, handed_back) is JobState.QUEUED
    last = take(engine, worker())
    assert last is not None
    failure = Failure(kind=FailureKind.INFRA, error_class="ENGINE_DEAD", sentence="it died")
    assert give_up(engine, last.job_id, 4, failure) is JobState.DEAD


def test_a_zombie_can_neither_commit_nor_renew_nor_fail(
    engine: Engine, worker: Callable[[], uuid.UUID]
) -> None:
    submit(engine, submission(problems=(PROBLEM,), repetitions=1))
    zombie, healthy = worker(), worker()
    lost = take(engine, zombie, lease_s=0.0)
    assert lost is not None
    query(engine, statement("expire"))
    taken = take(engine, healthy)
    assert taken is not None
    assert (taken.job_id, taken.attempt_no) == (lost.job_id, 2)
    with pytest.raises(LeaseLost):
        commit(engine, lost.job_id, lost.attempt_no, result(engine, zombie, lost))
    with pytest.raises(LeaseLost):
        renew(engine, lost.job_id, lost.attempt_no)
    with pytest.raises(LeaseLost):
        give_up(
            engine,
            lost.job_id,
            lost.attempt_no,
            Failure(kind=FailureKind.INFRA, error_class="X", sentence="x"),
        )
    assert count(engine, "SELECT count(*) FROM eval.generation") == 0, (
        "nothing of the zombie was written"
    )
    commit(engine, taken.job_id, taken.attempt_no, result(engine, healthy, taken))
    assert count(engine, "SELECT attempt_no FROM eval.generation") == 2
    outcomes = (
        "SELECT string_agg(outcome, ',' ORDER BY attempt_no) = 'lost,succeeded' FROM eval.attempt"
    )
    assert count(engine, outcomes) == 1


def test_a_failed_attempt_is_retried_with_a_pause_until_it_is_dead(
    engine: Engine, worker: Callable[[], uuid.UUID]
) -> None:
    submit(engine, submission(problems=(PROBLEM,), repetitions=1, max_attempts=2))
    query(engine, "DELETE FROM eval.outbox")
    failure = Failure(kind=FailureKind.INFRA, error_class="ENGINE_DEAD", sentence="it died")
    first = take(engine, worker())
    assert first is not None
    assert give_up(engine, first.job_id, 1, failure, backoff_s=100.0) is JobState.QUEUED
    assert (
        count(
            engine,
            "SELECT count(*) FROM eval.outbox WHERE available_at > now() + interval '90 seconds'",
        )
        == 1
    )
    assert take(engine, worker()) is None, "it is not available before its pause is over"
    query(engine, "UPDATE eval.job SET available_at = now()")
    second = take(engine, worker())
    assert second is not None
    assert give_up(engine, second.job_id, 2, failure) is JobState.DEAD
    kept = (
        "SELECT count(*) FROM eval.attempt WHERE outcome = 'failed' AND error_class = 'ENGINE_DEAD'"
    )
    assert count(engine, kept) == 2


def test_refused_input_fails_without_a_retry(
    engine: Engine, worker: Callable[[], uuid.UUID]
) -> None:
    submitted = submit(engine, submission(problems=(PROBLEM,), repetitions=1))
    job = take(engine, worker())
    assert job is not None
    refused = Failure(kind=FailureKind.REJECTED, error_class="PROMPT_TOO_LONG", sentence="too long")
    assert give_up(engine, job.job_id, job.attempt_no, refused) is JobState.FAILED
    progress = progress_of(engine, submitted)
    assert progress.state == "failed"
    assert progress.failures[0]["error_class"] == "PROMPT_TOO_LONG"


def test_cancel_stops_queued_and_running_jobs(
    engine: Engine, worker: Callable[[], uuid.UUID]
) -> None:
    submitted = submit(engine, submission())
    job = take(engine, worker())
    assert job is not None
    assert cancel_run(engine, find_run(engine, str(submitted.run_id))) == 4
    with pytest.raises(LeaseLost):
        renew(engine, job.job_id, job.attempt_no)
    assert progress_of(engine, submitted).state == "cancelled"
    assert count(engine, "SELECT count(*) FROM eval.outbox") == 0


def test_outbox_reaches_the_broker_once(engine: Engine, broker: HintBroker) -> None:
    submit(engine, submission())
    assert publish_outbox(engine, broker) == 4
    assert broker.depth("synthetic") == 4
    assert publish_outbox(engine, broker) == 0
    assert queue_name("synthetic") == "evalctl.synthetic"


def test_states_of_the_code_and_of_the_database_agree(engine: Engine) -> None:
    definition = (
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ck_job_state'"
    )
    with transaction(engine) as connection:
        check = str(connection.exec_driver_sql(definition).scalar_one())
    assert all(f"'{state.value}'" in check for state in JobState)
    assert check.count("::text") >= len(JobState)
    left = {source for source, _target, cause in JOB_MOVES if cause not in BY_HAND}
    assert left == {JobState.QUEUED, JobState.RUNNING}
    assert left.isdisjoint(TERMINAL)
    assert {target for _source, target, _cause in JOB_MOVES} | {JobState.QUEUED} == set(JobState)


class Eager:
    """A worker that claims for each hint just before its publisher commits."""

    def __init__(self, publishers: Engine, database_url: str, worker_id: uuid.UUID) -> None:
        self.engine = open_database(database_url, name="eager")
        self.claimed: list[ClaimedJob | None] = []
        self._worker_id = worker_id
        self._hints = 0
        event.listen(publishers, "commit", self._claim)

    def publish(self, _queue: str, job_ids: Sequence[int]) -> int:
        """Take hints as the broker does."""
        self._hints += len(job_ids)
        return len(job_ids)

    def _claim(self, _connection: Any) -> None:
        self.claimed += [take(self.engine, self._worker_id) for _ in range(self._hints)]
        self._hints = 0


def test_a_hint_is_not_spent_on_jobs_that_its_publisher_locks(
    engine: Engine, database_url: str, worker: Callable[[], uuid.UUID]
) -> None:
    submit(engine, submission())
    eager = Eager(engine, database_url, worker())
    assert publish_outbox(engine, cast(HintBroker, eager)) == 4
    eager.engine.dispose()
    assert [job is not None for job in eager.claimed] == [True] * 4
    assert count(engine, "SELECT count(*) FROM eval.outbox") == 0
