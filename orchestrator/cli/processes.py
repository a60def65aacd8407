"""``evalctl worker`` and ``reconcile``: one process in the foreground, for supervisors, compose and systemd."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from types import FrameType

import click

from orchestrator.reconciler import Reconciler
from orchestrator.session import open_session


@click.command()
@click.option("--gpu", type=int, metavar="INDEX", help="Pin the worker to this GPU.")
@click.option("--cpu", is_flag=True, help="Run on the CPU.")
@click.option("--queue", "queues", multiple=True, metavar="NAME", help="Serve only these queues; may be repeated.")
def worker(*, gpu: int | None, cpu: bool, queues: tuple[str, ...]) -> None:
    """Run one worker in the foreground: it owns one GPU (default: the first one, or the CPU where there is none).

    SIGTERM lets it finish its job and exit.

    \b
    Example:
      evalctl worker --gpu 0
      evalctl worker --cpu --queue vllm
    """
    if gpu is not None and cpu:
        raise click.UsageError("--gpu and --cpu exclude each other")
    chosen = ["--cpu"] if cpu else [] if gpu is None else ["--gpu", str(gpu)]
    listened = [part for queue in queues for part in ("--queue", queue)]
    # The worker takes this process over, so that signals and exit codes are its own.
    os.execv(sys.executable, [sys.executable, "-m", "workers", *chosen, *listened])  # noqa: S606


@click.command()
@click.option("--once", is_flag=True, help="Do one round and exit.")
def reconcile(*, once: bool) -> int:
    """Run the reconciler in the foreground: it expires leases, publishes hints and refills an emptied broker.

    Any number may run; one is in charge, the others wait.

    \b
    Example:
      evalctl reconcile
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    with open_session(broker=True, name="reconciler") as session:
        assert session.broker is not None
        reconciler = Reconciler(session.engine, session.broker)
        if once:
            tick = reconciler.tick()
            click.echo(f"expired {tick.expired}, published {tick.published}, issued again {tick.rehinted}")
            return 0
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        reconciler.run(stop)
    return 0
