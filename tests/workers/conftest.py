"""What an installation has beside a worker."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from orchestrator.reconciler import Reconciler


@pytest.fixture
def reconciler(engine: Engine, broker: HintBroker) -> Iterator[None]:
    """Reconcile in the background, as every installation does."""
    stop = threading.Event()
    thread = threading.Thread(
        target=Reconciler(engine, broker, tick_s=0.1, stale_hint_s=1.0).run, args=(stop,)
    )
    thread.start()
    yield
    stop.set()
    thread.join()
