"""Baselines: nights that a person pinned as the reference; versions are only appended."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Engine

from core.errors import DbError
from db.engine import rows, transaction
from db.statements import statement


class BaselineNotFound(DbError):  # noqa: N818 - named for what happened
    """Say that no baseline has a name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"no baseline is pinned as {name!r}; pin one with `evalctl baseline pin {name}`"
        )


class BaselineExists(DbError):  # noqa: N818 - named for what happened
    """Say that a baseline is already pinned, or was at this moment."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"baseline {name!r} is already pinned; pin other nights with "
            f"`evalctl baseline repin {name} --why TEXT`"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenMetric:
    """One metric of one model and prompt on the nights of a baseline."""

    model: str
    prompt: str
    metric: str
    #: Mean over the nights, by problem; logarithms of ratios.
    problems: Mapping[str, float]
    #: Per night: mean distance from those means.
    distances: Sequence[float]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready row."""
        return {
            "model": self.model,
            "prompt": self.prompt,
            "metric": self.metric,
            "problems": dict(self.problems),
            "distances": list(self.distances),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedBaseline:
    """A version of a baseline."""

    baseline_id: int
    name: str
    version: int
    reason: str
    pinned_by: str
    schedule: str
    run_ids: Sequence[uuid.UUID]
    #: Model: what its nights were made under.
    conditions: Mapping[str, Any]
    created_at: dt.datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> PinnedBaseline:
        """Read a row of the baselines."""
        keys = set(cls.__dataclass_fields__) - {"baseline_id"}
        return cls(baseline_id=row["id"], **{key: row[key] for key in keys})

    def to_dict(self) -> dict[str, Any]:
        """Return its JSON contract."""
        return {
            "version": self.version,
            "reason": self.reason,
            "pinned_by": self.pinned_by,
            "pinned_at": self.created_at,
            "schedule": self.schedule,
            "nights": len(self.run_ids),
            "run_ids": list(self.run_ids),
        }


def newest_baseline(connection: Connection, name: str) -> PinnedBaseline | None:
    """Return the version that nights are compared with; None before one is pinned."""
    found = rows(connection, statement("newest_baseline", "nightly"), {"name": name})
    return PinnedBaseline.from_row(found[0]) if found else None


def baseline_versions(engine: Engine, name: str) -> list[PinnedBaseline]:
    """Return all versions, newest first. Raise ``BaselineNotFound``."""
    with transaction(engine) as connection:
        found = rows(connection, statement("baseline_versions", "nightly"), {"name": name})
    if not found:
        raise BaselineNotFound(name)
    return [PinnedBaseline.from_row(row) for row in found]


def frozen_metrics(connection: Connection, baseline: PinnedBaseline) -> list[FrozenMetric]:
    """Return what a baseline froze."""
    given = {"baseline": baseline.baseline_id}
    found = rows(connection, statement("baseline_metrics", "nightly"), given)
    return [FrozenMetric(**row) for row in found]


def add_baseline(
    connection: Connection,
    *,
    name: str,
    version: int,
    reason: str,
    pinned_by: str,
    schedule: str,
    run_ids: Sequence[uuid.UUID],
    conditions: Mapping[str, Any],
    metrics: Sequence[FrozenMetric],
) -> int:
    """Append a version and return its id; raise ``BaselineExists`` where it was pinned."""
    given = {
        "name": name,
        "version": version,
        "reason": reason,
        "pinned_by": pinned_by,
        "schedule": schedule,
        "run_ids": list(run_ids),
        "conditions": Jsonb(dict(conditions)),
    }
    added = rows(connection, statement("add_baseline", "nightly"), given)
    if not added:
        raise BaselineExists(name)
    baseline_id = int(added[0]["id"])
    frozen = Jsonb([metric.to_dict() for metric in metrics])
    rows(
        connection,
        statement("add_baseline_metrics", "nightly"),
        {"baseline": baseline_id, "metrics": frozen},
    )
    return baseline_id
