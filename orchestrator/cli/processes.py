"""``evalctl reconcile``: the reconciler in the foreground, for supervisors, compose and systemd."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from types import FrameType

import click
from click import option

from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import say
from orchestrator.upkeep.metrics import VARIABLE, serving
from orchestrator.upkeep.reconciler import Reconciler


@click.command()
@option("--once", is_flag=True, help="Run one round and exit.")
@option(
    "--metrics",
    envvar=VARIABLE,
    metavar="[ADDRESS:]PORT",
    help=f"Serve /metrics for Prometheus; PORT alone is on loopback.  [env: {VARIABLE}]",
)
@examples("evalctl reconcile", "evalctl reconcile --metrics 9464")
def reconcile(*, once: bool, metrics: str | None) -> int:
    """Run the reconciler in the foreground.

    It expires leases, publishes hints, submits scheduled runs and refills an emptied broker.
    Several can run: one is active, the others stand by.
    """
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    with connect(broker=True, name="reconciler") as connections:
        assert connections.broker is not None
        reconciler = Reconciler(connections.engine, connections.broker)
        if once:
            tick = reconciler.tick()
            reconciler.nights.finish(within_s=60)
            hints = f"hints published {tick.published} (reissued {tick.rehinted})"
            say(f"leases expired {tick.expired}, {hints}, schedule slots {tick.slots}")
            return 0
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        with serving(metrics, connections.engine, reconciler):
            reconciler.run(stop)
    return 0
