"""Celery's floor: an empty task, acknowledged late, on the broker of EVALCTL_BROKER_URL."""

from __future__ import annotations

import os

import redis
from celery import Celery

DONE_KEY = "bench.done"
QUEUE = "bench"
#: Tasks wait here until all workers listen.
STAGED = "bench.staged"


def noop_app(broker_url: str) -> Celery:
    """Return an application for the two tasks, on its own connections."""
    made = Celery("bench", broker=broker_url, set_as_current=False)
    made.conf.update(task_acks_late=True, worker_prefetch_multiplier=1)
    made.conf.update(task_ignore_result=True, task_default_queue=QUEUE)
    return made


def stage(broker_url: str, tasks: int) -> None:
    """Put N tasks into a list without a consumer, then one that reports their end."""
    with noop_app(broker_url) as sender, sender.producer_pool.acquire(block=True) as producer:
        for number in range(tasks):
            sender.send_task("bench.noop", (number,), producer=producer, queue=STAGED)
        sender.send_task("bench.done", producer=producer, queue=STAGED)


def await_workers(broker_url: str, workers: int, within_s: float) -> None:
    """Wait until N workers answer. Raise ``TimeoutError``."""
    with noop_app(broker_url) as app:
        for _ in range(int(within_s)):
            if len(app.control.ping(timeout=1.0)) >= workers:
                return
    raise TimeoutError(f"fewer than {workers} Celery workers answered in {within_s} s")


#: What `celery -A bench.noop worker` finds.
app = noop_app(os.environ.get("EVALCTL_BROKER_URL", ""))


@app.task(name="bench.noop")  # type: ignore[untyped-decorator]
def noop(_number: int) -> None:
    """Do nothing."""


@app.task(name="bench.done")  # type: ignore[untyped-decorator]
def done() -> None:
    """Notify the waiting benchmark that everything before has been consumed."""
    client = redis.Redis.from_url(os.environ["EVALCTL_BROKER_URL"])
    client.rpush(DONE_KEY, 1)
    client.close()
