"""Jobs for tests: claimed one at a time, as a worker that serves one at a time does, or made up."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from db.claims import ClaimedJob, claim


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


def made_up_job(spec: ModelSpec, **changes: Any) -> ClaimedJob:
    """Return a job that stands in no database, of latency mode and without a problem unless ``changes`` say so."""
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
