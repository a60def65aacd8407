"""Keep the results of finished runs, so that views over all runs read and do not compute."""

from __future__ import annotations

import uuid

from sqlalchemy import Engine

from db.engine import rows, transaction
from db.statements import statement


def runs_to_keep(engine: Engine, *, quiet_s: float, limit: int) -> list[uuid.UUID]:
    """Return the oldest runs that ended at least ``quiet_s`` ago and are not kept."""
    with transaction(engine) as connection:
        given = {"quiet_s": quiet_s, "limit": limit}
        found = rows(connection, statement("runs_to_keep", "kept_results"), given)
    return [row["id"] for row in found]


def keep_run(engine: Engine, run: uuid.UUID) -> bool:
    """Keep the results of a run and return whether they are kept.

    They are not where its results are being changed, where it has open jobs, and where only some of
    its models are synthetic.
    """
    with transaction(engine) as connection:
        return bool(
            rows(connection, statement("keep_run", "kept_results"), {"run": run})[0]["kept"]
        )
