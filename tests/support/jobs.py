"""Jobs for tests: submitted, claimed one at a time, ended; or without a database."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine

from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from core.states import FailureKind, JobState
from db.claims import ClaimedJob, Failure, claim, give_up
from db.fleet import WorkerIdentity, register_worker
from db.runs import Progress, Run, find_run, run_progress
from db.submissions import ProblemRecord, Submission, Submitted

Enqueue = Callable[..., None]
QUEUES = ("synthetic",)
PROBLEM = ProblemRecord(name="p1", content_hash="h1", category="secondary", document={"id": "p1"})
OTHER = ProblemRecord(name="p2", content_hash="h2", category="university", document={"id": "p2"})


def claim_one(
    engine: Engine,
    *,
    worker_id: uuid.UUID,
    queues: Sequence[str],
    loaded_model_id: int | None = None,
    loaded_for_s: float = 0.0,
    **more: Any,
) -> ClaimedJob | None:
    """Return the best job, or None when there is none."""
    found = claim(
        engine,
        worker_id=worker_id,
        queues=queues,
        loaded_model_id=loaded_model_id,
        loaded_for_s=loaded_for_s,
        **more,
    )
    assert len(found) <= 1
    return found[0] if found else None


def fake_job(spec: ModelSpec, **changes: Any) -> ClaimedJob:
    """Return a job of no database: latency mode, no problem, unless ``changes`` say so."""
    values: dict[str, Any] = {
        "job_id": 1,
        "attempt_no": 1,
        "run_id": uuid.UUID(int=0),
        "model_id": 1,
        "problem_id": None,
        "problem": None,
        "prompt": "plain",
        "language": "en",
        "repetition": 1,
        "mode": "latency",
        "sampling": SamplingParams(),
        "queue_wait_s": 0.0,
    }
    return ClaimedJob(spec=spec, **values | changes)


def spec(name: str, queue: str = "synthetic") -> ModelSpec:
    """Return a synthetic model."""
    return ModelSpec(name=name, engine="synthetic", source="fake", queue=queue)


def submission(**changes: Any) -> Submission:
    """Return a run of one model, two problems and two repetitions, unless changed."""
    values: dict[str, Any] = {
        "name": "night",
        "experiment_hash": "e1",
        "experiment": {"models": ["a"], "prompts": ["plain"], "repetitions": 2, "language": "en"},
        "provenance": {},
        "models": (spec("a"),),
        "problems": (PROBLEM, OTHER),
        "prompts": ("plain",),
        "repetitions": 2,
        "mode": "latency",
        "sampling": SamplingParams(seed=100),
    }
    return Submission(**values | changes)


def take(engine: Engine, worker_id: uuid.UUID, **changes: Any) -> ClaimedJob | None:
    """Claim the best job for a worker without an engine."""
    values: dict[str, Any] = {"queues": QUEUES, "loaded_model_id": None, "loaded_for_s": 0.0}
    return claim_one(engine, worker_id=worker_id, **values | changes)


def claim_of(worker_id: uuid.UUID) -> dict[str, Any]:
    """Return the parameters of the claim statement for a worker without an engine."""
    given = {
        "worker": worker_id,
        "queues": list(QUEUES),
        "loaded_for_s": 0.0,
        "lease_s": 60.0,
        "age_bound_s": 900.0,
        "at_most": 1,
    }
    return given | dict.fromkeys(("loaded", "loaded_run", "loaded_group", "start", "mode"))


def progress_of(engine: Engine, submitted: Submitted) -> Progress:
    """Return the progress of a run."""
    return run_progress(engine, find_run(engine, str(submitted.run_id)))


def register(engine: Engine, **changes: Any) -> uuid.UUID:
    """Register a worker and return its id."""
    worker_id = uuid.uuid4()
    values: dict[str, Any] = {"pid": 1, "device": "cpu", "queues": QUEUES} | changes
    identity = WorkerIdentity(
        worker_id=worker_id, name=f"w-{worker_id}", host="h", version="0", **values
    )
    register_worker(engine, identity)
    return worker_id


def run_of(engine: Engine, submitted: Submitted) -> Run:
    """Return the run that was submitted."""
    return find_run(engine, str(submitted.run_id))


def claimed(engine: Engine, worker_id: uuid.UUID) -> ClaimedJob:
    """Claim the best job, which must exist."""
    job = take(engine, worker_id)
    assert job is not None
    return job


def fail(
    engine: Engine,
    job: ClaimedJob,
    *,
    kind: FailureKind = FailureKind.INFRA,
    error: str = "ENGINE_DEAD",
) -> JobState:
    """End an attempt with an error and return the job's state."""
    failure = Failure(kind=kind, error_class=error, sentence="it failed")
    return give_up(engine, job.job_id, job.attempt_no, failure, backoff_s=0.0)


def die(engine: Engine, *, times: int) -> list[int]:
    """Let a number of jobs of one attempt die and return their ids."""
    me = register(engine)
    dead = []
    for _ in range(times):
        job = claimed(engine, me)
        assert fail(engine, job) is JobState.DEAD
        dead.append(job.job_id)
    return dead
