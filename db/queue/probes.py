"""Searches for limits: what a worker writes about one, and what the public views show of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db.engine import rows, run_alone, transaction
from db.models import ProbePoint
from db.queue.claims import LeaseLost
from db.statements import statement

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the searches of one run found so far."""

    #: One row per search: ``model, kind, search, state, error_class, error_message``.
    searches: list[Row]
    #: One row per model, GPU and emulated size, of searches that have ended.
    thresholds: list[Row]
    #: One row per search and level.
    levels: list[Row]


def read_points(engine: Engine, job_id: int) -> list[ProbePoint]:
    """Return the trials that a search has written, in their order."""
    query = select(ProbePoint).where(ProbePoint.job_id == job_id).order_by(ProbePoint.ordinal)
    with Session(engine, expire_on_commit=False) as session, session.begin():
        return list(session.execute(query).scalars())


def add_point(
    engine: Engine, job_id: int, attempt_no: int, ordinal: int, point: Mapping[str, Any]
) -> None:
    """Write one trial, the ``ordinal``-th of its search.

    Raise ``LeaseLost`` where the attempt has lost its lease. Safe to repeat where an answer was
    lost: an existing trial stays as it is.
    """
    given = {
        "job": job_id,
        "attempt_no": attempt_no,
        "ordinal": ordinal,
        "point": Jsonb(dict(point)),
    }
    if not run_alone(engine, statement("add_point", "probes"), given):
        raise LeaseLost(job_id, attempt_no)


def end_search(engine: Engine, job_id: int, attempt_no: int) -> None:
    """Finish a search. Raise ``LeaseLost`` as ``add_point`` does; safe to repeat."""
    if not run_alone(
        engine, statement("end_search", "probes"), {"job": job_id, "attempt_no": attempt_no}
    ):
        raise LeaseLost(job_id, attempt_no)


def read_found(engine: Engine, run_id: uuid.UUID) -> Found:
    """Return what the searches of a run found.

    Of synthetic models only where the engine's session includes them.
    """
    with transaction(engine) as connection:
        searches, thresholds, levels = (
            rows(connection, statement(name, "probes"), {"run": run_id})
            for name in ("searches", "thresholds", "levels")
        )
    return Found(searches=searches, thresholds=thresholds, levels=levels)


def latest_points(engine: Engine, run_id: uuid.UUID, *, shown: int) -> list[Row]:
    """Return the trials of a run after the first ``shown``, oldest first."""
    with transaction(engine) as connection:
        return rows(
            connection, statement("latest_points", "probes"), {"run": run_id, "shown": shown}
        )
