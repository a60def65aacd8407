"""A reconciler whose slots follow a clock in a file.

Its only argument is the file, which holds a time in ISO format. Leases follow the database's clock
as ever.
"""

from __future__ import annotations

import datetime as dt
import logging
import signal
import sys
import threading
from pathlib import Path

from orchestrator.connections import connect
from orchestrator.nights.watch import NightWatch
from orchestrator.upkeep.reconciler import Reconciler


def main() -> None:
    """Reconcile until a signal comes."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_given: stop.set())
    file = Path(sys.argv[1])

    def clock() -> dt.datetime:
        return dt.datetime.fromisoformat(file.read_text(encoding="ascii"))

    with connect(broker=True, name="reconciler") as connections:
        assert connections.broker is not None
        nights = NightWatch(connections.engine, round_s=0.1, clock=clock)
        reconciler = Reconciler(
            connections.engine, connections.broker, tick_s=0.1, clock=clock, nights=nights
        )
        reconciler.run(stop)


if __name__ == "__main__":
    main()
