"""The reconciler's work on the queue: leadership, expired leases, tallies, missing hints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine

from db.engine import rows, transaction
from db.statements import statement

#: Key of the advisory lock that keeps the reconciler single.
LOCK_KEY = 0x6576616C


@contextmanager
def leadership(engine: Engine, *, idle_s: int) -> Iterator[Callable[[], None] | None]:
    """Give one caller at a time a function that confirms its lead; None to others.

    The lead ends with the block, or when it has not been confirmed for ``idle_s``. Confirming
    raises ``ServiceUnreachable`` where the connection that holds the lock is lost.
    """
    with transaction(engine) as connection:
        if not rows(connection, statement("lead"), {"key": LOCK_KEY})[0]["leads"]:
            yield None
            return
        rows(connection, statement("bound_idle"), {"idle_ms": idle_s * 1000})

        def confirm() -> None:
            rows(connection, statement("ping", "connections"))

        yield confirm


def reconciler_runs(engine: Engine) -> bool:
    """Return whether a reconciler has the lead.

    Without one nothing is taken back and no slot is submitted.
    """
    with transaction(engine) as connection:
        return bool(rows(connection, statement("reconciler_runs"), {"key": LOCK_KEY})[0]["runs"])


def expire_leases(engine: Engine, *, silent_s: float) -> tuple[list[dict[str, Any]], list[str]]:
    """Take back jobs whose lease has run out.

    Return their ids and states, and the names of workers lost.
    """
    with transaction(engine) as connection:
        expired = rows(connection, statement("expire"))
        lost = rows(connection, statement("lose_workers"), {"silent_s": silent_s})
    return expired, [row["name"] for row in lost]


def fold_tallies(engine: Engine, *, longest: int) -> None:
    """Replace tallies of more than ``longest`` rows by their sums.

    After the cancel of a million jobs it takes seconds, so it has its own transaction; it locks
    nothing that others want.
    """
    with transaction(engine) as connection:
        rows(connection, statement("fold_tallies", "runs"), {"longest": longest})


def waiting_jobs(engine: Engine, *, limit: int) -> dict[str, int]:
    """Return how many jobs of each queue could be claimed now, counted up to ``limit``."""
    with transaction(engine) as connection:
        found = rows(connection, statement("waiting"), {"limit": limit})
    return {row["queue"]: row["jobs"] for row in found}


def next_jobs(engine: Engine, queue: str, *, limit: int) -> list[int]:
    """Return the jobs of a queue that will be claimed next."""
    with transaction(engine) as connection:
        found = rows(connection, statement("next_jobs"), {"queue": queue, "limit": limit})
    return [row["id"] for row in found]
