"""Read the test's database, wait for its rows, and let a lease run out."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Engine, make_url

from core.hints import HintBroker
from db.engine import rows, transaction
from orchestrator.upkeep.reconciler import Reconciler


def query(engine: Engine, sql: str, **given: Any) -> list[dict[str, Any]]:
    """Return the rows of a query."""
    with transaction(engine) as connection:
        return rows(connection, sql, given)


def take_back(engine: Engine, broker: HintBroker) -> None:
    """Requeue every running job, as if its lease had run out, and publish the hints at once."""
    expired = "UPDATE eval.job SET lease_expires_at = now() - interval '1 s'"
    query(engine, f"{expired} WHERE state = 'running'")
    reconciler = Reconciler(engine, broker)
    reconciler.tick()
    for table in ("job", "outbox"):
        query(engine, f"UPDATE eval.{table} SET available_at = now()")
    reconciler.tick()


def count(engine: Engine, sql: str) -> int:
    """Return the one number that a query yields."""
    with transaction(engine) as connection:
        return int(connection.exec_driver_sql(sql).scalar_one())


def until(engine: Engine, sql: str, expected: list[dict[str, Any]], within_s: float = 60.0) -> None:
    """Wait until a query returns these rows."""
    deadline_s, pause = time.monotonic() + within_s, threading.Event()
    while (found := query(engine, sql)) != expected:
        assert time.monotonic() < deadline_s, found
        pause.wait(0.1)


def finished(engine: Engine, within_s: float = 90.0) -> None:
    """Wait until no job is queued or runs."""
    deadline_s, pause = time.monotonic() + within_s, threading.Event()
    while left := query(
        engine, "SELECT id, state, error_class FROM eval.job WHERE state IN ('queued', 'running')"
    ):
        assert time.monotonic() < deadline_s, left
        pause.wait(0.1)


def attempts(engine: Engine) -> list[tuple[int, str, str | None]]:
    """Return number, outcome and error class of every attempt."""
    found = query(
        engine,
        "SELECT attempt_no, outcome, error_class FROM eval.attempt ORDER BY job_id, attempt_no",
    )
    return [(row["attempt_no"], row["outcome"], row["error_class"]) for row in found]


@contextmanager
def another_database(server_url: str, name: str) -> Iterator[str]:
    """Give the URL of an empty database for the block, for tests of a module that share it."""
    own = f"evalctl_{name}_{os.getpid()}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {own}".encode())
        try:
            yield make_url(server_url).set(database=own).render_as_string(hide_password=False)
        finally:
            connection.execute(f"DROP DATABASE {own} WITH (FORCE)".encode())
