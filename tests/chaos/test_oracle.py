"""The oracle itself: silent about a healthy database, loud about each promise broken by hand."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from db.commits import Result, commit
from db.engine import transaction
from db.submissions import submit
from tests.support.jobs import PROBLEM, claimed, register, submission
from tests.support.oracle import JobKey, check, keys_of, orphans
from tests.support.results import generation_row, store_start


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
    with transaction(engine) as connection:
        connection.exec_driver_sql("DELETE FROM eval.outbox")
        connection.exec_driver_sql("DELETE FROM eval.job WHERE id = 2")
    assert check(engine, expected_keys=keys) == ["i: 1 submitted keys do not exist exactly once"]
    assert check(engine, expected_keys=()) == ["i: job 1 was never submitted"]


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        (
            "UPDATE eval.attempt SET outcome = 'lost'",
            "iii: job 1 is succeeded, and of its attempts 0 succeeded",
        ),
        (
            "DELETE FROM eval.generation",
            "iii: job 1 succeeded at attempt 1 and its result is of no attempt",
        ),
        (
            "UPDATE eval.job SET attempt_no = 2 WHERE id = 1",
            "iv: job 1 has 1 attempts and attempt_no 2",
        ),
        (
            "UPDATE eval.job SET attempt_no = 1 WHERE id = 2",
            "iv: job 2 has 0 attempts and attempt_no 1",
        ),
        (
            "UPDATE eval.job SET state = 'queued', finished_at = NULL WHERE id = 1",
            "v: job 1 is queued and has a generation",
        ),
        (
            "UPDATE eval.attempt SET outcome = 'running', ended_at = NULL",
            "vi: job 1 is succeeded with 1 attempts running",
        ),
    ],
)
def test_each_broken_promise_is_found(
    engine: Engine, keys: list[JobKey], damage: str, finding: str
) -> None:
    with transaction(engine) as connection:
        connection.exec_driver_sql(damage)
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
