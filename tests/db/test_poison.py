"""The same error on two workers ends a job: a table of histories, and random ones."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from core.states import FailureKind, JobState
from db.claims import Failure, give_up
from db.engine import rows, transaction
from db.submissions import submit
from tests.support.jobs import PROBLEM, register, submission, take

#: One attempt: which worker had it, and the kind and class of its failure.
Ending = tuple[int, FailureKind, str]
INFRA, OOM, TIMED_OUT, REJECTED = (
    FailureKind.INFRA,
    FailureKind.OUT_OF_MEMORY,
    FailureKind.TIMED_OUT,
    FailureKind.REJECTED,
)
_numbers = itertools.count()

HISTORIES: dict[str, tuple[Sequence[Ending], JobState, FailureKind]] = {
    "twice on one worker": ([(0, INFRA, "A"), (0, INFRA, "A")], JobState.QUEUED, INFRA),
    "once on each of two workers": (
        [(0, INFRA, "A"), (1, INFRA, "A")],
        JobState.DEAD,
        FailureKind.POISON,
    ),
    "different errors on two workers": ([(0, INFRA, "A"), (1, INFRA, "B")], JobState.QUEUED, INFRA),
    "not in a row": (
        [(0, INFRA, "A"), (0, INFRA, "B"), (1, INFRA, "A")],
        JobState.DEAD,
        FailureKind.POISON,
    ),
    "out of memory on two workers": (
        [(0, OOM, "OOM"), (1, OOM, "OOM")],
        JobState.DEAD,
        FailureKind.POISON,
    ),
    "silent on two workers": (
        [(0, TIMED_OUT, "S"), (1, TIMED_OUT, "S")],
        JobState.DEAD,
        FailureKind.POISON,
    ),
    "refused after an error": ([(0, INFRA, "A"), (1, REJECTED, "A")], JobState.FAILED, REJECTED),
    "a shared server away": (
        [(0, INFRA, "SERVER_UNREACHABLE"), (1, INFRA, "SERVER_UNREACHABLE")],
        JobState.QUEUED,
        INFRA,
    ),
    "dead under several jobs on two workers": (
        [(0, INFRA, "ENGINE_DEAD_IN_BATCH"), (1, INFRA, "ENGINE_DEAD_IN_BATCH")],
        JobState.QUEUED,
        INFRA,
    ),
    "dead under several jobs, then alone": (
        [(0, INFRA, "ENGINE_DEAD_IN_BATCH"), (1, INFRA, "ENGINE_DEAD")],
        JobState.QUEUED,
        INFRA,
    ),
    "the last attempt of five, alike on one worker": ([(0, INFRA, "A")] * 5, JobState.DEAD, INFRA),
    "the last attempt of five, alike on another": (
        [*[(0, INFRA, "A")] * 4, (1, INFRA, "A")],
        JobState.DEAD,
        FailureKind.POISON,
    ),
}


@pytest.mark.parametrize(("history", "state", "kind"), HISTORIES.values(), ids=HISTORIES)
def test_what_a_history_makes_of_a_job(
    engine: Engine, history: Sequence[Ending], state: JobState, kind: FailureKind
) -> None:
    job_id, states = run_through(engine, history)
    assert states[-1] is state
    assert set(states[:-1]) <= {JobState.QUEUED}, "it was still alive before"
    assert stored(engine, job_id) == (state, kind, [(ending[1], ending[2]) for ending in history])


_ENDINGS = st.tuples(
    st.integers(0, 2),
    st.sampled_from([INFRA, OOM, REJECTED]),
    st.sampled_from(["A", "B", "RATE_LIMITED"]),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(_ENDINGS, min_size=5, max_size=5))
def test_histories_at_random_end_as_the_model_says(engine: Engine, history: list[Ending]) -> None:
    expected: list[tuple[JobState, FailureKind]] = []
    for number, (worker, kind, error_class) in enumerate(history):
        before = history[:number]
        alike = [
            w for w, _kind, c in before if c == error_class and w != worker and c != "RATE_LIMITED"
        ]
        if kind is REJECTED:
            expected.append((JobState.FAILED, REJECTED))
        elif alike:
            expected.append((JobState.DEAD, FailureKind.POISON))
        else:
            expected.append((JobState.QUEUED if number < 4 else JobState.DEAD, kind))
        if expected[-1][0] is not JobState.QUEUED:
            break
    job_id, states = run_through(engine, history[: len(expected)])
    assert states == [state for state, _kind in expected]
    assert stored(engine, job_id)[:2] == expected[-1]


def run_through(engine: Engine, history: Sequence[Ending]) -> tuple[int, list[JobState]]:
    """Let a fresh job of five attempts fail as given.

    Return its id and its state after each attempt.
    """
    workers = [register(engine) for _ in range(3)]
    number = next(_numbers)
    given = {
        "experiment_hash": f"p{number}",
        "name": f"p{number}",
        "problems": (PROBLEM,),
        "repetitions": 1,
    }
    with transaction(engine) as connection:
        connection.exec_driver_sql(
            "UPDATE eval.job SET state = 'cancelled', finished_at = now() WHERE state = 'queued'"
        )
    submit(engine, submission(**given, max_attempts=5))
    states, job_id = [], 0
    for attempt_no, (worker, kind, error_class) in enumerate(history, start=1):
        job = take(engine, workers[worker])
        assert job is not None
        assert job.attempt_no == attempt_no
        job_id = job.job_id
        failure = Failure(kind=kind, error_class=error_class, sentence=f"{error_class} happened")
        states.append(give_up(engine, job_id, attempt_no, failure, backoff_s=0.0))
    return job_id, states


def stored(
    engine: Engine, job_id: int
) -> tuple[JobState, FailureKind, list[tuple[FailureKind, str]]]:
    """Return state and kind of a job, and kind and class of each of its attempts."""
    with transaction(engine) as connection:
        job = rows(
            connection,
            "SELECT state, failure_kind FROM eval.job WHERE id = %(job)s",
            {"job": job_id},
        )[0]
        attempts = rows(
            connection,
            (
                "SELECT failure_kind, error_class, outcome FROM eval.attempt WHERE job_id = "
                "%(job)s ORDER BY attempt_no"
            ),
            {"job": job_id},
        )
    assert {attempt["outcome"] for attempt in attempts} == {"failed"}
    kinds = [
        (FailureKind(attempt["failure_kind"]), str(attempt["error_class"])) for attempt in attempts
    ]
    return JobState(job["state"]), FailureKind(job["failure_kind"]), kinds
