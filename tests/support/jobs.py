"""Jobs for tests: submitted, claimed one at a time, ended; or without a database."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine

from core.hints import HintBroker
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from core.states import FailureKind, JobState
from db.queue.claims import ClaimedJob, Failure, claim, give_up
from db.queue.fleet import WorkerIdentity, register_worker
from db.queue.outbox import publish_outbox
from db.runs.run import Progress, Run, find_run, run_progress
from db.runs.submissions import ProblemRecord, Submission, Submitted, submit
from orchestrator.runs.submit import record_of
from problems.loader import load_set

Enqueue = Callable[..., Submitted]
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


def spec(name: str = "fake", queue: str = "synthetic", **options: Any) -> ModelSpec:
    """Return a synthetic model."""
    return ModelSpec(name=name, engine="synthetic", source="fake", queue=queue, options=options)


def quickstart() -> tuple[ProblemRecord, ...]:
    """Return the problems of the quickstart set as they are stored."""
    return tuple(record_of(problem) for problem in load_set("quickstart"))


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


def publish(engine: Engine, broker: HintBroker, **changes: Any) -> Submitted:
    """Submit a run of one problem of the quickstart set, unless changed, and publish its hints."""
    values: dict[str, Any] = {"name": "run", "problems": quickstart()[:1], "models": (spec(),)}
    submitted = submit(engine, submission(**values | {"sampling": SamplingParams()} | changes))
    publish_outbox(engine, broker)
    return submitted


def publish_search(
    engine: Engine, broker: HintBroker, probe: dict[str, Any], **changes: Any
) -> Submitted:
    """Submit one search, unless changed, and publish its hint."""
    values = {"problems": (), "prompts": (probe["kind"],), "repetitions": 1} | changes
    return publish(engine, broker, probe=probe, **values)


def take(engine: Engine, worker_id: uuid.UUID, **changes: Any) -> ClaimedJob | None:
    """Claim the best job for a worker without an engine."""
    values: dict[str, Any] = {"queues": QUEUES, "loaded_model_id": None, "loaded_for_s": 0.0}
    return claim_one(engine, worker_id=worker_id, **values | changes)


def claim_of(worker_id: uuid.UUID) -> dict[str, Any]:
    """Return the parameters of the claim statement for a worker without an engine."""
    return {
        "worker": worker_id,
        "queues": list(QUEUES),
        "loaded_for_s": 0.0,
        "lease_s": 60.0,
        "age_bound_s": 900.0,
        "gpus": None,
        "at_most": 1,
    } | dict.fromkeys(("loaded", "loaded_run", "loaded_group", "start", "mode"))


def progress_of(engine: Engine, submitted: Submitted) -> Progress:
    """Return the progress of a run."""
    return run_progress(engine, find_run(engine, str(submitted.run_id)))


def register(engine: Engine, **changes: Any) -> uuid.UUID:
    """Register a worker and return its id."""
    worker_id = uuid.uuid4()
    values: dict[str, Any] = {"name": f"w-{worker_id}", "host": "h", "pid": 1, "device": "cpu"}
    values |= {"worker_id": worker_id, "queues": QUEUES, "version": "0"} | changes
    register_worker(engine, WorkerIdentity(**values))
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
