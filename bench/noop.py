"""Celery's own floor: a task that does nothing, acknowledged late, on the broker that EVALCTL_BROKER_URL names."""

from __future__ import annotations

import os

import redis
from celery import Celery

DONE_KEY = "bench.done"

app = Celery("bench", broker=os.environ.get("EVALCTL_BROKER_URL", ""))
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=1, task_ignore_result=True, task_default_queue="bench")


@app.task(name="bench.noop")  # type: ignore[untyped-decorator]
def noop(_number: int) -> None:
    """Do nothing."""


@app.task(name="bench.done")  # type: ignore[untyped-decorator]
def done() -> None:
    """Tell the waiting benchmark that everything before has been consumed."""
    client = redis.Redis.from_url(os.environ["EVALCTL_BROKER_URL"])
    client.rpush(DONE_KEY, 1)
    client.close()
