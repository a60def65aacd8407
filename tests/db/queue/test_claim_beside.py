"""Claims that fill an engine: a job joins others only where it is the next one and may.

And many threads on one database.
"""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import Engine

from core.errors import ServiceBusy
from core.states import FailureKind, JobState, Mode
from db.engine import open_database, run_alone, transaction
from db.queue.claims import ClaimedJob, Failure, claim, give_up, in_batch
from db.runs.submissions import submit
from tests.support.database import count, query
from tests.support.jobs import PROBLEM, QUEUES, register, spec, submission, take

NARROW = {"mode": "latency", "experiment_hash": "e2", "name": "narrow"}
LATER = {"experiment_hash": "e3", "name": "later"}
OTHER_MODEL: dict[str, Any] = {"models": (spec("b"),), "mode": "throughput", "name": "other"}
OTHER_MODEL |= {"experiment_hash": "e4"}


def beside(engine: Engine, worker_id: uuid.UUID, loaded: str, **changes: Any) -> ClaimedJob | None:
    """Claim a job that may join others in the engine of a model."""
    model_id = count(engine, f"SELECT id FROM eval.model WHERE name = '{loaded}'")
    return take(engine, worker_id, loaded_model_id=model_id, mode=Mode.THROUGHPUT, **changes)


def test_a_claim_beside_others_takes_the_next_job_only_where_it_may_join(engine: Engine) -> None:
    wide: dict[str, Any] = {"problems": (PROBLEM,), "repetitions": 1, "mode": "throughput"}
    submit(engine, submission(**wide, name="wide"))
    submit(engine, submission(**wide | NARROW))
    submit(engine, submission(**wide | LATER))
    submit(engine, submission(**OTHER_MODEL))
    me = register(engine)
    joined = beside(engine, me, "a")
    assert joined is not None
    assert joined.in_batch
    assert beside(engine, me, "a") is None, "a job of another mode is next"
    alone = take(engine, me, loaded_model_id=joined.model_id)
    assert alone is not None
    assert (alone.mode, alone.in_batch) == ("latency", False)
    assert beside(engine, me, "a") is not None
    assert beside(engine, me, "a") is None, "what is left is another model's"
    assert beside(engine, me, "b") is not None


def several(engine: Engine, worker_id: uuid.UUID, at_most: int) -> list[int]:
    """Claim as many of the jobs that may join others in the engine of the model a.

    Return their numbers.
    """
    loaded = count(engine, "SELECT id FROM eval.model WHERE name = 'a'")
    given: dict[str, Any] = {"queues": QUEUES, "mode": Mode.THROUGHPUT, "loaded_for_s": 0.0}
    claimed = claim(engine, worker_id=worker_id, loaded_model_id=loaded, at_most=at_most, **given)
    return [job.job_id for job in claimed]


def test_several_are_claimed_together_as_far_as_the_first_that_may_not_join(engine: Engine) -> None:
    submit(engine, submission(problems=(PROBLEM,), repetitions=5, mode="throughput"))
    submit(engine, submission(problems=(PROBLEM,), repetitions=1, **NARROW))
    submit(engine, submission(problems=(PROBLEM,), mode="throughput", **LATER))
    submit(engine, submission(**OTHER_MODEL))
    me = register(engine)
    assert several(engine, me, 3) == [1, 2, 3], "best first"
    assert several(engine, me, 9) == [4, 5], "then comes a job of another mode"
    assert several(engine, me, 9) == []
    alone = take(engine, me)
    assert alone is not None
    assert (alone.job_id, alone.mode) == (6, "latency")
    assert several(engine, me, 9) == [7, 8], "what is left is another model's"
    numbers = count(engine, "SELECT count(*) FROM eval.attempt WHERE attempt_no = 1")
    assert numbers == 8
    assert count(engine, "SELECT count(*) FROM eval.job WHERE state = 'running'") == 8


def test_workers_that_claim_several_at_once_share_no_job_and_leave_none(engine: Engine) -> None:
    jobs = 300
    submit(engine, submission(problems=(PROBLEM,), repetitions=jobs, mode="throughput"))

    def work(worker_id: uuid.UUID) -> list[int]:
        mine: list[int] = []
        while found := several(engine, worker_id, 7):
            mine += found
        return mine

    with ThreadPoolExecutor(4) as threads:
        claimed = [
            job for mine in threads.map(work, [register(engine) for _ in range(4)]) for job in mine
        ]
    assert sorted(claimed) == list(range(1, jobs + 1))


def test_a_claim_beside_others_starves_no_other_model(engine: Engine) -> None:
    submit(engine, submission(models=(spec("a"), spec("b")), repetitions=2, mode="throughput"))
    query(engine, "UPDATE eval.job SET available_at = now() - interval '1 hour'")
    me = register(engine)
    assert beside(engine, me, "a", loaded_for_s=60.0, age_bound_s=900.0) is not None
    assert beside(engine, me, "a", loaded_for_s=901.0, age_bound_s=900.0) is None
    next_one = take(engine, me, loaded_model_id=1, loaded_for_s=901.0, age_bound_s=900.0)
    assert next_one is not None
    assert next_one.spec.name == "b"


def test_a_job_whose_engine_died_under_several_is_claimed_alone(engine: Engine) -> None:
    submit(engine, submission(problems=(PROBLEM,), repetitions=2, mode="throughput"))
    me = register(engine)
    first = take(engine, me)
    assert first is not None
    error_class = in_batch("ENGINE_DEAD")
    failure = Failure(kind=FailureKind.INFRA, error_class=error_class, sentence="it died")
    assert (
        give_up(engine, first.job_id, first.attempt_no, failure, backoff_s=0.0) is JobState.QUEUED
    )
    assert beside(engine, me, "a") is None, "it is next, and may not join"
    again = take(engine, me)
    assert again is not None
    assert (again.job_id, again.error_class, again.in_batch) == (first.job_id, error_class, False)
    joined = beside(engine, me, "a")
    assert joined is not None
    assert joined.in_batch


def test_many_threads_wait_for_a_connection_for_a_bounded_time(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_database(database_url, name="crowd")
    with ThreadPoolExecutor(64) as threads:
        found = list(
            threads.map(
                lambda _: run_alone(opened, "SELECT pg_sleep(0.02) IS NOT NULL AS slept"),
                range(128),
            )
        )
    opened.dispose()
    assert found == [[{"slept": True}]] * 128
    monkeypatch.setattr("db.engine.POOL_TIMEOUT_S", 0.05)
    narrow = open_database(database_url, name="crowd", pool_size=1)
    with ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(transaction(narrow))
        with pytest.raises(ServiceBusy, match="no connection became free"):
            run_alone(narrow, "SELECT 1")
        with pytest.raises(ServiceBusy, match="no connection became free"), transaction(narrow):
            pass
    narrow.dispose()
