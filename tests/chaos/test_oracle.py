"""The oracle itself: silent about a healthy database, loud about each promise broken by hand."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from db.queue.commits import Result, commit
from db.runs.submissions import submit
from tests.support.database import query
from tests.support.jobs import PROBLEM, claimed, register, submission
from tests.support.oracle import JobKey, check, keys_of, orphans
from tests.support.results import generation_row, store_start

JOB, ATTEMPT = "UPDATE eval.job SET", "UPDATE eval.attempt SET"
QUEUED = "state = 'queued', finished_at = NULL"
RUNNING = "outcome = 'running', ended_at = NULL"
NOTHING_WON = "iii: job 1 is succeeded, and of its attempts 0 succeeded"
NO_RESULT = "iii: job 1 succeeded at attempt 1 and its result is of no attempt"


@pytest.fixture
def keys(engine: Engine) -> list[JobKey]:
    """Leave two jobs: the first succeeded, the second is queued; return the keys of both."""
    planned = submission(problems=(PROBLEM,))
    submitted = submit(engine, planned)
    # No process has this pid: it is above the kernel's limit.
    worker_id = register(engine, pid=2**22 + 1)
    job = claimed(engine, worker_id)
    boot_id = store_start(engine, worker_id, job.model_id)
    commit(engine, job.job_id, 1, Result(generation=generation_row(boot_id), texts={"text": "x"}))
    return keys_of(submitted.run_id, planned)


def test_a_healthy_database_breaks_no_promise(engine: Engine, keys: list[JobKey]) -> None:
    assert check(engine, expected_keys=keys, settled=False) == []
    assert check(engine, expected_keys=keys) == ["ii: job 2 is still queued"]


def test_a_lost_and_an_invented_job_are_reported(engine: Engine, keys: list[JobKey]) -> None:
    query(engine, "DELETE FROM eval.outbox")
    query(engine, "DELETE FROM eval.job WHERE id = 2")
    assert check(engine, expected_keys=keys) == ["i: 1 submitted keys do not exist exactly once"]
    assert check(engine, expected_keys=()) == ["i: job 1 was never submitted"]


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        (f"{ATTEMPT} outcome = 'lost'", NOTHING_WON),
        ("DELETE FROM eval.generation", NO_RESULT),
        (f"{JOB} attempt_no = 2 WHERE id = 1", "iv: job 1 has 1 attempts and attempt_no 2"),
        (f"{JOB} attempt_no = 1 WHERE id = 2", "iv: job 2 has 0 attempts and attempt_no 1"),
        (f"{JOB} {QUEUED} WHERE id = 1", "v: job 1 is queued and has a generation"),
        (f"{ATTEMPT} {RUNNING}", "vi: job 1 is succeeded with 1 attempts running"),
    ],
)
def test_each_broken_promise_is_found(
    engine: Engine, keys: list[JobKey], damage: str, finding: str
) -> None:
    query(engine, damage)
    broken = check(engine, expected_keys=keys, settled=False)
    assert any(sentence.startswith(finding) for sentence in broken), broken


@pytest.fixture
def marked() -> Iterator[tuple[int, str]]:
    """Run a process with the mark of a worker; give its pid and the mark."""
    mark = uuid.uuid4().hex
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; print(1, flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"EVALCTL_WORKER": mark},
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid, mark
        process.kill()


def test_a_process_that_outlives_its_worker_is_an_orphan(marked: tuple[int, str]) -> None:
    pid, mark = marked
    assert orphans({mark: 2**22 + 1}) == [pid]
    assert orphans({mark: pid}) == [], "its worker lives"
    assert orphans({"another": 2**22 + 1}) == []
