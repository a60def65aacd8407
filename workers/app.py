"""The Celery application of a worker: one thread, one task, settings from ``db.hints``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_ready

from db.errors import ServiceUnreachable
from db.hints import HINT_TASK, hint_app
from workers.admission import add_admission
from workers.log import log_event
from workers.wakeup import add_wake_up


class WorkerFailed(Exception):  # noqa: N818 - named for what happened
    """Say that Celery ended although nobody asked it to; its log has the reason."""


def worker_app(broker_url: str, queues: tuple[str, ...], handle_hint: Callable[[], bool]) -> Celery:
    """Return the application; ``handle_hint`` is called for each hint, on the pool's only thread."""
    app = hint_app(broker_url, queues)
    add_wake_up(app)
    add_admission(app)

    @app.task(name=HINT_TASK)  # type: ignore[untyped-decorator]
    def hint(_job_id: int) -> None:
        try:
            handle_hint()
        except ServiceUnreachable as error:
            log_event("hint.unreachable", level=logging.WARNING, error=str(error))

    return app


def run_worker(app: Celery, name: str, on_ready: Callable[[], None]) -> None:
    """Serve hints until SIGTERM or SIGINT; a job that runs is finished first. Returns at the end.

    Raise ``WorkerFailed`` where Celery gave up by itself, so that the process ends with an error and is started again.
    """

    @setup_logging.connect(weak=False)  # type: ignore[untyped-decorator]
    def _keep_logging(**_facts: Any) -> None:
        """Having a receiver keeps Celery from replacing the logging set up by the main module."""

    @worker_ready.connect(weak=False)  # type: ignore[untyped-decorator]
    def _ready(**_facts: Any) -> None:
        on_ready()

    # What `celery worker` does, except that it throws the exit code away when it is called from a program.
    worker = app.Worker(
        hostname=name, pool_cls="threads", concurrency=1, without_gossip=True, without_mingle=True, loglevel="INFO"
    )
    worker.start()
    if worker.exitcode:
        raise WorkerFailed(f"Celery ended with code {worker.exitcode}; the reason stands above")
