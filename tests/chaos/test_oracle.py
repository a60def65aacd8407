"""The oracle itself: silent over a healthy database, and loud over each promise that is broken by hand."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from db.commits import Result, commit
from db.engine import transaction
from db.fleet import WorkerIdentity, record_start, register_worker
from db.models import Boot
from db.submissions import ProblemRecord, Submission, submit
from tests.chaos.oracle import JobKey, check, keys_of, orphans
from tests.claiming import claim_one
from tests.stored import generation_row


@pytest.fixture
def keys(engine: Engine) -> list[JobKey]:
    """Leave two jobs: the first succeeded, the second is queued; return the keys of both."""
    worker_id = uuid.uuid4()
    spec = ModelSpec(
        name="fake", engine="synthetic", source="made-up", queue="synthetic", options={}
    )
    submission = Submission(
        name="run",
        experiment_hash="e",
        experiment={"language": "en"},
        provenance={},
        models=(spec,),
        problems=(ProblemRecord(name="p", content_hash="h", category="secondary", document={}),),
        prompts=("plain",),
        repetitions=2,
        mode="latency",
        sampling=SamplingParams(),
    )
    submitted = submit(engine, submission)
    # No process has this pid: it is above the kernel's limit.
    register_worker(
        engine,
        WorkerIdentity(
            worker_id=worker_id,
            name="w",
            host="h",
            pid=2**22 + 1,
            device="cpu",
            queues=("synthetic",),
            version="0",
        ),
    )
    job = claim_one(engine, worker_id=worker_id, queues=("synthetic",))
    assert job is not None
    boot_id = record_start(
        engine,
        Boot(
            worker_id=worker_id,
            model_id=job.model_id,
            engine_version="synthetic-1",
            config_hash="c",
            environment_hash="e",
            config={},
            environment={},
            start_s=1.0,
        ),
    )
    commit(engine, job.job_id, 1, Result(generation=generation_row(boot_id), texts={"text": "x"}))
    return keys_of(submitted.run_id, submission)


def test_a_healthy_database_breaks_no_promise(engine: Engine, keys: list[JobKey]) -> None:
    assert check(engine, expected_keys=keys, settled=False) == []
    assert check(engine, expected_keys=keys) == ["ii: job 2 is still queued"]


def test_a_lost_and_an_invented_job_are_told(engine: Engine, keys: list[JobKey]) -> None:
    with transaction(engine) as connection:
        connection.exec_driver_sql("DELETE FROM eval.outbox")
        connection.exec_driver_sql("DELETE FROM eval.job WHERE id = 2")
    assert check(engine, expected_keys=keys) == ["i: 1 submitted keys do not exist exactly once"]
    assert check(engine, expected_keys=()) == ["i: job 1 was never submitted"]


@pytest.mark.parametrize(
    ("damage", "told"),
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
def test_each_broken_promise_is_told(
    engine: Engine, keys: list[JobKey], damage: str, told: str
) -> None:
    with transaction(engine) as connection:
        connection.exec_driver_sql(damage)
    broken = check(engine, expected_keys=keys, settled=False)
    assert any(sentence.startswith(told) for sentence in broken), broken


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
