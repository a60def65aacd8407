"""The Celery application of a worker: one thread, one task, settings from ``core.hints``."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_ready
from celery.worker import state

from core.hints import HINT_TASK, hint_app
from workers.consumer.hint_consumer import HintConsumer
from workers.consumer.loop_wakeup import add_wake_up
from workers.consumer.message_check import add_message_check
from workers.lifecycle.shutdown import Shutdown


class WorkerFailed(Exception):  # noqa: N818 - named for what happened
    """Say that Celery ended unasked; its log has the reason."""


def worker_app(consumer: HintConsumer) -> Celery:
    """Return the application that hands every hint to ``consumer``, on the pool's only thread."""
    app = hint_app(consumer.broker_url, consumer.queues)
    add_wake_up(app)
    add_message_check(app)

    @app.task(name=HINT_TASK, bind=True)  # type: ignore[untyped-decorator]
    def hint(task: Any, job_id: int) -> None:
        consumer.serve(job_id, task.request.delivery_info["routing_key"])

    return app


def run_worker(
    app: Celery, name: str, on_ready: Callable[[], None], shutdown: Shutdown | None = None
) -> None:
    """Serve hints until ``shutdown`` halts it; a running job is finished first.

    Celery's own signal handlers are not installed: its second SIGINT drops the running job with an
    exit code of failure, its SIGHUP starts the process anew. Here SIGTERM, SIGINT and SIGHUP ask
    for the end, the second of them, or SIGQUIT, for handing the job back at once. Without
    ``shutdown`` Celery's handlers stay.

    Raise ``WorkerFailed`` where Celery gave up by itself, so that the process ends with an error
    and is started again.
    """

    @setup_logging.connect(weak=False)  # type: ignore[untyped-decorator]
    def _keep_logging(**_facts: Any) -> None:
        """Keep Celery, by being a receiver, from replacing the logging of the main module."""

    @worker_ready.connect(weak=False)  # type: ignore[untyped-decorator]
    def _ready(**_facts: Any) -> None:
        on_ready()

    # What `celery worker` does, except that it discards the exit code when called from a program.
    worker = _worker_class(app, shutdown)(
        hostname=name,
        pool_cls="threads",
        concurrency=1,
        loglevel="INFO",
        # The worker's row in Postgres says what these would.
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,  # Its banner would not be JSON.
    )
    worker.start()
    if worker.exitcode:
        raise WorkerFailed(f"Celery ended with code {worker.exitcode}; its log above says why")


def _worker_class(app: Celery, shutdown: Shutdown | None) -> Any:
    return app.Worker if shutdown is None else _stoppable(app.Worker, shutdown)


def _stoppable(base: Any, shutdown: Shutdown) -> Any:
    class Worker(base):  # type: ignore[misc]
        """Celery's worker with the signal handlers of ``shutdown``."""

        def install_platform_tweaks(self, _worker: Any) -> None:
            """Install the handlers, at the moment when Celery would install its own."""
            shutdown.when_halted(_end_celery)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
                signal.signal(number, _handler(shutdown))

    return Worker


def _handler(shutdown: Shutdown) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, _frame: FrameType | None) -> None:
        shutdown.signalled(signal.Signals(number).name, at_once=number == signal.SIGQUIT)

    return handle


def _end_celery() -> None:
    """End the event loop at its next turn, within a second, as Celery's warm shutdown does."""
    state.should_stop = 0
