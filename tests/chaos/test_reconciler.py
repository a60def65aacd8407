"""The reconciler outlives what the database cannot do just now."""

from __future__ import annotations

import logging
import threading

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from db.engine import open_database, transaction
from orchestrator.upkeep.reconciler import Reconciler
from services.waiting import wait_until


def test_a_table_locked_for_too_long_is_waited_for(
    database_url: str, engine: Engine, broker: HintBroker, caplog: pytest.LogCaptureFixture
) -> None:
    impatient = open_database(database_url, name="reconciler", lock_timeout_ms=100)
    stop = threading.Event()
    thread = threading.Thread(target=Reconciler(impatient, broker, tick_s=0.05).run, args=(stop,))
    with caplog.at_level(logging.INFO, logger="evalctl.reconciler"):
        with transaction(engine) as connection:
            connection.exec_driver_sql("LOCK TABLE eval.job IN ACCESS EXCLUSIVE MODE")
            thread.start()
            assert wait_until(lambda: "canceling statement due to lock timeout" in caplog.text, 10)
        caplog.clear()
        assert wait_until(lambda: "reconciler is active" in caplog.text, 10), "it goes on by itself"
    assert thread.is_alive()
    stop.set()
    thread.join(10)
    impatient.dispose()
