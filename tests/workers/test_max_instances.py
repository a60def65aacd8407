"""Colocated engines: how many start and keep running, on synthetic engines with a real database."""

from __future__ import annotations

import dataclasses
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from db.queue.claims import ClaimedJob
from db.queue.probes import Found, read_found, read_points
from db.runs.submissions import submit
from tests.support.jobs import claimed, register, spec, submission
from workers.engines import EngineContext
from workers.engines.host import EngineHost
from workers.errors import EngineError, GenerationCancelled
from workers.lifecycle.lease import Lease
from workers.lifecycle.timeouts import Timeouts
from workers.loading.loader import EngineLoader
from workers.probes.prober import Prober

LENGTHS = {"input_tokens": 4, "output_tokens": 3}
PROBE = {"kind": "instances", "trials": 3, "max_level": 6, "hold_s": 0.05, **LENGTHS}


class QueuelessWorker:
    """A worker's prober without its queue: jobs are claimed and run here."""

    def __init__(self, database: Engine, folder: Path) -> None:
        self.database = database
        self.worker_id = register(database)
        self.run_id: uuid.UUID | None = None
        self.host = EngineHost(EngineContext(home=folder, log_folder=folder))
        timeouts = Timeouts()
        self.prober = Prober(
            database=database,
            worker_id=self.worker_id,
            host=self.host,
            loader=EngineLoader(database, self.host, worker_id=self.worker_id, timeouts=timeouts),
            sampler=None,
            guard=None,
            timeouts=timeouts,
            insist=lambda _lease, write: write(),
        )

    def claimed(self, probe: dict[str, Any], **options: Any) -> ClaimedJob:
        """Submit a search of one model and claim it."""
        # Engines are counted by name, whatever another test left running.
        name = f"m-{uuid.uuid4().hex[:8]}"
        given = {"experiment_hash": name, "models": (spec(name, **options),), "problems": ()}
        planned = submission(**given, prompts=("instances",), repetitions=1, probe=probe)
        self.run_id = submit(self.database, planned).run_id
        return claimed(self.database, self.worker_id)

    def found(self) -> Found:
        """Return what the views show."""
        assert self.run_id is not None
        return read_found(self.database, self.run_id)


@pytest.fixture
def worker(engine: Engine, tmp_path: Path) -> Iterator[QueuelessWorker]:
    made = QueuelessWorker(engine, tmp_path)
    with closing(made.host):
        yield made


def points(worker: QueuelessWorker, job: ClaimedJob) -> list[tuple[int, int, str, str | None]]:
    return [
        (row.trial, row.level, row.outcome, row.reason)
        for row in read_points(worker.database, job.job_id)
    ]


def engine_threads() -> list[str]:
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith(("sustained-load", "end-engine"))
    ]


def test_the_engines_that_start_are_found_and_what_stopped_the_next(
    worker: QueuelessWorker,
) -> None:
    hosts = sum(thread.name == "engine-host" for thread in threading.enumerate())
    job = worker.claimed(PROBE, max_num_seqs=2, fail={"start": "INIT_FREE_MEM", "engines": 3})
    worker.prober.run(job, Lease(job))
    ramp = [*((level, "stable", None) for level in (1, 2, 3)), (4, "failed", "INIT_FREE_MEM")]
    assert points(worker, job) == [(number, *level) for number in (1, 2, 3) for level in ramp]
    (threshold,) = worker.found().thresholds
    assert (threshold["max_stable"], threshold["first_failure"]) == (3, 4)
    assert (threshold["reason"], threshold["limited_by"]) == ("INIT_FREE_MEM", "memory")
    assert (threshold["unit"], threshold["emulated"]) == ("instances", False)
    assert sum(thread.name == "engine-host" for thread in threading.enumerate()) == hosts
    assert engine_threads() == []


def test_every_engine_is_kept_busy_by_as_many_requests_as_it_takes(worker: QueuelessWorker) -> None:
    job = worker.claimed(PROBE | {"trials": 1, "max_level": 2}, max_num_seqs=3, ttft_ms=5)
    worker.prober.run(job, Lease(job))
    first, second = read_points(worker.database, job.job_id)
    assert [len(point.details["requests"]) for point in (first, second)] == [1, 2]
    # Three requests at once, for 50 ms and 5 ms each.
    assert min(second.details["requests"]) >= 6
    assert second.requests == sum(second.details["requests"])
    assert second.errors == 0
    assert second.tokens_per_s is not None
    assert second.ttft_p95_ms is not None
    assert second.ttft_p95_ms >= 5
    assert len(set(second.details["boot_ids"])) == 2
    assert second.boot_id == second.details["boot_ids"][-1]
    (threshold,) = worker.found().thresholds
    assert (threshold["max_stable"], threshold["first_failure"]) == (2, None)
    assert threshold["limited_by"] == "level"


@pytest.mark.parametrize(
    ("failure", "reason", "limited_by"),
    [("OOM", "RUNTIME_CUDA_OOM", "memory"), ("ENGINE_DEAD", "ENGINE_DEAD", "other")],
)
def test_an_engine_that_fails_beside_others_limits_them(
    worker: QueuelessWorker, failure: str, reason: str, limited_by: str
) -> None:
    job = worker.claimed(PROBE, fail={"class": failure, "engines": 2}, ttft_ms=1)
    worker.prober.run(job, Lease(job))
    (threshold,) = worker.found().thresholds
    assert (threshold["max_stable"], threshold["first_failure"]) == (2, 3)
    assert (threshold["reason"], threshold["limited_by"]) == (reason, limited_by)


def test_a_failure_ends_the_level_at_once(worker: QueuelessWorker) -> None:
    job = worker.claimed(PROBE | {"trials": 1, "hold_s": 60.0}, fail={"class": "OOM"})
    began_s = time.monotonic()
    worker.prober.run(job, Lease(job))
    assert time.monotonic() - began_s < 10
    assert points(worker, job) == [(1, 1, "failed", "RUNTIME_CUDA_OOM")]
    assert worker.found().thresholds[0]["max_stable"] == 0


def test_an_engine_that_fails_at_its_first_request_fails_its_level(worker: QueuelessWorker) -> None:
    # An engine's third request: one is dropped, one sent at level 1 and one at level 2.
    job = worker.claimed(
        PROBE | {"trials": 1, "hold_s": 0.001},
        fail={"class": "OOM", "every": 3, "by": "count"},
        ttft_ms=5,
        max_num_seqs=1,
    )
    worker.prober.run(job, Lease(job))
    assert points(worker, job) == [(1, 1, "stable", None), (1, 2, "failed", "RUNTIME_CUDA_OOM")]


def test_engines_that_are_too_slow_together_are_a_limit_of_latency(worker: QueuelessWorker) -> None:
    job = worker.claimed(PROBE | {"trials": 1, "sla_s": 0.01}, ttft_ms=30)
    worker.prober.run(job, Lease(job))
    assert points(worker, job) == [(1, 1, "unstable", "SLA")]
    assert worker.found().thresholds[0]["limited_by"] == "latency"


def test_what_was_found_before_is_kept_and_an_interrupted_ramp_begins_again(
    worker: QueuelessWorker,
) -> None:
    job = worker.claimed(PROBE, fail={"start": "INIT_CUDA_OOM", "engines": 2})
    interrupted = _Interrupted()

    def insist(_lease: Lease, write: Callable[[], None]) -> None:
        if len(points(worker, job)) == 5:
            raise interrupted
        write()

    with pytest.raises(_Interrupted):
        dataclasses.replace(worker.prober, insist=insist).run(job, Lease(job))
    assert points(worker, job)[3:] == [(2, 1, "stable", None), (2, 2, "stable", None)]
    worker.prober.run(job, Lease(job))
    ramp = [(1, "stable", None), (2, "stable", None), (3, "failed", "INIT_CUDA_OOM")]
    assert points(worker, job) == [(number, *level) for number in (1, 2, 3) for level in ramp]


class _Interrupted(Exception):  # noqa: N818
    """Stands for the end of a worker."""


def test_a_cancelled_search_leaves_no_engine(worker: QueuelessWorker) -> None:
    hosts = sum(thread.name == "engine-host" for thread in threading.enumerate())
    job = worker.claimed(PROBE | {"hold_s": 60.0}, ttft_ms=1)
    lease = Lease(job)
    timer = threading.Timer(0.5, lease.ended.set)
    timer.start()
    began_s = time.monotonic()
    with pytest.raises(GenerationCancelled):
        worker.prober.run(job, lease)
    timer.join()
    assert time.monotonic() - began_s < 10
    assert sum(thread.name == "engine-host" for thread in threading.enumerate()) == hosts
    assert points(worker, job) == []


def test_the_clock_of_an_overdue_job_begins_again_with_each_level(worker: QueuelessWorker) -> None:
    job = worker.claimed(PROBE | {"trials": 1, "max_level": 1})
    lease = Lease(job)
    lease.claimed_s -= 1000
    worker.prober.run(job, lease)
    assert time.monotonic() - lease.claimed_s < 10


def test_what_is_not_a_finding_fails_the_job(worker: QueuelessWorker) -> None:
    job = worker.claimed(PROBE, fail={"start": "MODEL_UNAVAILABLE", "engines": 1})
    with pytest.raises(EngineError) as caught:
        worker.prober.run(job, Lease(job))
    assert caught.value.kind == "rejected"
    assert points(worker, job) == [(1, 1, "stable", None)]
