"""The same error on two workers ends a job: a table of histories, and random ones."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from core.states import FailureKind, JobState
from db.queue.claims import Failure, give_up
from db.runs.submissions import submit
from tests.support.database import query
from tests.support.jobs import PROBLEM, register, submission, take

#: One attempt: which worker had it, and the kind and class of its failure.
Ending = tuple[int, FailureKind, str]
INFRA, OOM = FailureKind.INFRA, FailureKind.OUT_OF_MEMORY
TIMED_OUT, REJECTED = FailureKind.TIMED_OUT, FailureKind.REJECTED
_numbers = itertools.count()

DEAD = (JobState.DEAD, FailureKind.POISON)
QUEUED = (JobState.QUEUED, INFRA)
A, B = (INFRA, "A"), (INFRA, "B")
AWAY, SHARED = (INFRA, "SERVER_UNREACHABLE"), (INFRA, "ENGINE_DEAD_IN_BATCH")
HISTORIES: dict[str, tuple[Sequence[Ending], tuple[JobState, FailureKind]]] = {
    "twice on one worker": ([(0, *A), (0, *A)], QUEUED),
    "once on each of two workers": ([(0, *A), (1, *A)], DEAD),
    "different errors on two workers": ([(0, *A), (1, *B)], QUEUED),
    "not in a row": ([(0, *A), (0, *B), (1, *A)], DEAD),
    "out of memory on two workers": ([(0, OOM, "OOM"), (1, OOM, "OOM")], DEAD),
    "silent on two workers": ([(0, TIMED_OUT, "S"), (1, TIMED_OUT, "S")], DEAD),
    "refused after an error": ([(0, *A), (1, REJECTED, "A")], (JobState.FAILED, REJECTED)),
    "a shared server away": ([(0, *AWAY), (1, *AWAY)], QUEUED),
    "dead under several jobs on two workers": ([(0, *SHARED), (1, *SHARED)], QUEUED),
    "dead under several jobs, then alone": ([(0, *SHARED), (1, INFRA, "ENGINE_DEAD")], QUEUED),
    "the last attempt of five, alike on one worker": ([(0, *A)] * 5, (JobState.DEAD, INFRA)),
    "the last attempt of five, alike on another": ([*[(0, *A)] * 4, (1, *A)], DEAD),
}


@pytest.mark.parametrize(("history", "end"), HISTORIES.values(), ids=HISTORIES)
def test_what_a_history_makes_of_a_job(
    engine: Engine, history: Sequence[Ending], end: tuple[JobState, FailureKind]
) -> None:
    job_id, states = run_through(engine, history)
    assert states[-1] is end[0]
    assert set(states[:-1]) <= {JobState.QUEUED}, "it was still alive before"
    assert stored(engine, job_id) == (*end, [(ending[1], ending[2]) for ending in history])


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
    named = {"experiment_hash": f"p{number}", "name": f"p{number}"}
    given = named | {"problems": (PROBLEM,), "repetitions": 1}
    query(
        engine,
        "UPDATE eval.job SET state = 'cancelled', finished_at = now() WHERE state = 'queued'",
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
    (job,) = query(engine, f"SELECT state, failure_kind FROM eval.job WHERE id = {job_id}")
    attempts = query(
        engine,
        "SELECT failure_kind, error_class, outcome FROM eval.attempt "
        f"WHERE job_id = {job_id} ORDER BY attempt_no",
    )
    assert {attempt["outcome"] for attempt in attempts} == {"failed"}
    kinds = [
        (FailureKind(attempt["failure_kind"]), str(attempt["error_class"])) for attempt in attempts
    ]
    return JobState(job["state"]), FailureKind(job["failure_kind"]), kinds
