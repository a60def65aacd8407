"""Claim jobs of the synthetic queue at a rate until stdin closes, then print the counts."""

from __future__ import annotations

import os
import select
import sys
import time
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

from db.engine import open_database
from db.queue.claims import claim
from db.queue.fleet import WorkerIdentity, register_worker

QUEUE = "synthetic"


def register(engine: Engine, queue: str = QUEUE, gpu_uuids: Sequence[str] = ()) -> uuid.UUID:
    """Register a worker of one queue, with its GPUs, and return its id."""
    worker_id = uuid.uuid4()
    identity = WorkerIdentity(
        worker_id=worker_id,
        name=f"bench-{worker_id}",
        host="bench",
        pid=os.getpid(),
        device="cuda" if gpu_uuids else "cpu",
        gpu_uuid=gpu_uuids[0] if gpu_uuids else None,
        gpu_uuids=tuple(gpu_uuids) or None,
        queues=(queue,),
        version="0",
    )
    register_worker(engine, identity)
    return worker_id


def take_one(engine: Engine, worker_id: uuid.UUID, model_id: int) -> bool:
    """Claim a job as a worker does that has the model loaded; return whether there was one."""
    loaded: dict[str, Any] = {"loaded_model_id": model_id, "loaded_for_s": 0.0}
    return bool(claim(engine, worker_id=worker_id, queues=(QUEUE,), **loaded))


def main() -> None:
    """Claim every N milliseconds (first argument, 0 for no pause) with a model loaded (second)."""
    pause_s, model_id = float(sys.argv[1]) / 1000, int(sys.argv[2])
    engine = open_database(os.environ["EVALCTL_DATABASE_URL"], name="claimer")
    worker_id = register(engine)
    take_one(engine, worker_id, model_id)
    print("ready", flush=True)
    claims = none = 0
    due_s = time.monotonic()
    while not select.select([sys.stdin], [], [], max(0.0, due_s - time.monotonic()))[0]:
        due_s = max(due_s + pause_s, time.monotonic())
        claims += 1
        none += not take_one(engine, worker_id, model_id)
    print(claims, none, flush=True)


if __name__ == "__main__":
    main()
