"""The Celery application of a worker: one thread, one task, settings from ``db.hints``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_ready

from db.errors import ServiceUnreachable
from db.hints import HINT_TASK, hint_app
from workers.log import log_event
from workers.wakeup import add_wake_up


def worker_app(broker_url: str, queues: tuple[str, ...], handle_hint: Callable[[], bool]) -> Celery:
    """Return the application; ``handle_hint`` is called for each hint, on the pool's only thread."""
    app = hint_app(broker_url, queues)
    add_wake_up(app)

    @app.task(name=HINT_TASK)  # type: ignore[untyped-decorator]
    def hint(_job_id: int) -> None:
        try:
            handle_hint()
        except ServiceUnreachable as error:
            log_event("hint.unreachable", level=logging.WARNING, error=str(error))

    return app


def run_worker(app: Celery, name: str, on_ready: Callable[[], None]) -> None:
    """Serve hints until SIGTERM or SIGINT; a job that runs is finished first. Returns at the end."""

    @setup_logging.connect(weak=False)  # type: ignore[untyped-decorator]
    def _keep_logging(**_facts: Any) -> None:
        """Having a receiver keeps Celery from replacing the logging set up by the main module."""

    @worker_ready.connect(weak=False)  # type: ignore[untyped-decorator]
    def _ready(**_facts: Any) -> None:
        on_ready()

    arguments = ["worker", "--pool=threads", "--concurrency=1", "--without-gossip", "--without-mingle"]
    app.worker_main([*arguments, f"--hostname={name}", "--loglevel=INFO"])
