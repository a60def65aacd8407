"""``evalctl reconcile``: one process in the foreground, for supervisors, compose and systemd."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from types import FrameType

import click

from orchestrator.reconciler import Reconciler
from orchestrator.session import open_session


@click.command()
@click.option("--once", is_flag=True, help="Do one round and exit.")
def reconcile(*, once: bool) -> int:
    """Run the reconciler in the foreground: it expires leases, publishes hints and refills an emptied broker.

    Any number may run; one is in charge, the others wait.

    \b
    Example:
      evalctl reconcile
    """
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    with open_session(broker=True, name="reconciler") as session:
        assert session.broker is not None
        reconciler = Reconciler(session.engine, session.broker)
        if once:
            tick = reconciler.tick()
            hints = f"published {tick.published}, issued again {tick.rehinted}"
            click.echo(f"expired {tick.expired}, {hints}, slots of schedules {tick.slots}")
            return 0
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        reconciler.run(stop)
    return 0
