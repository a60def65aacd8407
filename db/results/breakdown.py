"""Read what the numbers of a run are made of, from the views of ``analytics_v1`` alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from db.engine import rows
from db.statements import statement

Row = Mapping[str, Any]

#: What distinguishes the lines of the resource table; no figure crosses any of it.
LINE = ("model", "prompt", "mode", "config_hash", "environment_hash", "memory_kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultBreakdown:
    """Rows behind the tables of one run; those about resources have the columns of ``LINE``."""

    #: How a figure spreads over the results that count: ``figure``, ``n`` and ``cuts``, its 0, 10,
    #: 50, 90, 100 % quantiles.
    spreads: Sequence[Row]
    #: ``fewest`` and ``most`` results that a problem has.
    repetitions: Sequence[Row]
    #: One result of each line, with its own memory terms.
    typical: Sequence[Row]
    #: Engine starts with the number of results they made.
    starts: Sequence[Row]
    #: Those starts, the ones that were probed, and their profiles, once each.
    boots: Sequence[Row]
    #: What the probes tried, a row per search and level.
    points: Sequence[Row]


def read_breakdown(connection: Connection, run_id: UUID) -> ResultBreakdown:
    """Return the rows behind the tables of a run, in the transaction that reads the tables."""
    given: dict[str, Any] = {"run": run_id}
    starts, points = (_read(connection, name, given) for name in ("starts", "points"))
    boots = {row["boot_id"] for row in starts} | {
        boot_id for row in points for boot_id in row["boot_ids"]
    }
    return ResultBreakdown(
        spreads=_read(connection, "spreads", given),
        repetitions=_read(connection, "repetitions", given),
        typical=_read(connection, "typical", given),
        starts=starts,
        boots=_read(connection, "engine_starts", {"ids": sorted(boots)}),
        points=points,
    )


def _read(connection: Connection, name: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    return rows(connection, statement(name, "result_breakdown"), given)
