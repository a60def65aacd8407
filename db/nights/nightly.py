"""Nights: the slots of a schedule that is compared with a baseline, and what became of each."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Engine

from core.errors import DbError
from core.states import NightState
from db.adapters import dumps
from db.engine import rows, transaction
from db.nights.schedules import Schedule
from db.statements import statement

#: Model, prompt, metric.
SeriesKey = tuple[str, str, str]


class NotWatched(DbError):  # noqa: N818 - named for what happened
    """Say that the nights of a schedule are not compared with anything."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the nights of schedule {name!r} are not compared; add it again, the same, with "
            "`--compare-with BASELINE`"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A schedule whose nights are compared, and with what."""

    schedule: Schedule
    baseline: str
    #: As its file says it; empty: the default.
    policy: Mapping[str, Any]
    #: Seconds after its slot at which a night must be done.
    due_within_s: float
    settled_to: dt.datetime

    @property
    def due_within(self) -> dt.timedelta:
        """How long after its slot a night must be done."""
        return dt.timedelta(seconds=self.due_within_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenNight:
    """A night of which something may still change."""

    slot: dt.datetime
    run_id: uuid.UUID | None
    due_at: dt.datetime
    state: NightState
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a night comes to."""

    state: NightState
    reason: str
    done: bool
    baseline_id: int | None = None
    #: Rows of ``night_metric``, without the night.
    metrics: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDistance:
    """How far an earlier night lay from the reference."""

    distance: float
    standard_error: float
    problems: int


def nightly_due(engine: Engine) -> bool:
    """Return whether any schedule is watched or any alert is due; one cheap statement."""
    with transaction(engine) as connection:
        return bool(rows(connection, statement("nightly_due", "nightly"))[0]["due"])


def watch(
    engine: Engine,
    schedule: Schedule,
    *,
    baseline: str,
    policy: Mapping[str, Any],
    due_within_s: float,
) -> bool:
    """Compare the nights of a schedule from now on; return False where nothing changes."""
    given = {
        "schedule": schedule.schedule_id,
        "baseline": baseline,
        "policy": Jsonb(dict(policy)),
        "due_within_s": due_within_s,
    }
    with transaction(engine) as connection:
        return bool(rows(connection, statement("watch", "nightly"), given))


def watches(engine: Engine, schedule: str | None = None) -> list[Watch]:
    """Return the schedules whose nights are compared: all, or the one of that name."""
    with transaction(engine) as connection:
        found = rows(connection, statement("watched", "nightly"), {"schedule": schedule})
    return [
        Watch(
            schedule=Schedule.from_row(row | {"id": row["schedule_id"]}),
            **{key: row[key] for key in ("baseline", "policy", "due_within_s", "settled_to")},
        )
        for row in found
    ]


def find_watch(engine: Engine, schedule: str) -> Watch:
    """Return how the nights of a schedule are compared; raise ``NotWatched``."""
    found = watches(engine, schedule)
    if not found:
        raise NotWatched(schedule)
    return found[0]


def slots_since(
    connection: Connection, one: Watch, *, until: dt.datetime
) -> dict[dt.datetime, Mapping[str, Any]]:
    """Return the slots after the settled ones, with ``run_id`` and ``error_message``."""
    given = {"schedule": one.schedule.schedule_id, "after": one.settled_to, "until": until}
    found = rows(connection, statement("slots_since", "nightly"), given)
    return {row["slot"]: row for row in found}


def add_night(
    connection: Connection,
    one: Watch,
    slot: dt.datetime,
    *,
    run_id: uuid.UUID | None,
) -> bool:
    """Record a night that is still open; False where it is known."""
    given = {
        "schedule": one.schedule.schedule_id,
        "slot": slot,
        "run": run_id,
        "due_at": slot + one.due_within,
        "state": NightState.OPEN.value,
        "reason": "",
    }
    return bool(rows(connection, statement("add_night", "nightly"), given))


def settle_nights(connection: Connection, one: Watch, until: dt.datetime) -> None:
    """Record that all nights up to an instant are known."""
    given = {"schedule": one.schedule.schedule_id, "until": until}
    rows(connection, statement("settle_nights", "nightly"), given)


def reopen_nights(connection: Connection, one: Watch) -> None:
    """Open nights that were found missing and whose slot got a run after all."""
    rows(
        connection,
        statement("reopen_night", "nightly"),
        {"schedule": one.schedule.schedule_id},
    )


def open_nights(engine: Engine, one: Watch) -> list[OpenNight]:
    """Return the nights of which something may still change, oldest first."""
    given = {"schedule": one.schedule.schedule_id}
    with transaction(engine) as connection:
        return [_night(row) for row in rows(connection, statement("open_nights", "nightly"), given)]


def lock_night(connection: Connection, one: Watch, slot: dt.datetime) -> OpenNight | None:
    """Lock an open night; None where it is done or another process decides on it."""
    given = {"schedule": one.schedule.schedule_id, "slot": slot}
    found = rows(connection, statement("lock_night", "nightly"), given)
    return _night(found[0]) if found else None


def set_night(
    connection: Connection,
    one: Watch,
    slot: dt.datetime,
    outcome: Outcome,
    now: dt.datetime | None,
) -> None:
    """Write what a night comes to."""
    given = {
        "schedule": one.schedule.schedule_id,
        "slot": slot,
        "state": outcome.state.value,
        "reason": outcome.reason,
        "baseline": outcome.baseline_id,
        "done": outcome.done,
        "now": now,
    }
    rows(connection, statement("set_night", "nightly"), given)
    key = {"schedule_id": one.schedule.schedule_id, "slot": slot.isoformat()}
    metrics = dumps([{**metric, **key} for metric in outcome.metrics])
    rows(connection, statement("add_night_metrics", "nightly"), {"metrics": metrics})


def night_history(
    connection: Connection, one: Watch, slot: dt.datetime, baseline_id: int
) -> dict[SeriesKey, list[PastDistance]]:
    """Return how far earlier nights lay from a version of a baseline, oldest first."""
    given = {"schedule": one.schedule.schedule_id, "slot": slot, "baseline": baseline_id}
    found: dict[SeriesKey, list[PastDistance]] = defaultdict(list)
    for row in rows(connection, statement("night_history", "nightly"), given):
        keys = PastDistance.__dataclass_fields__
        past = PastDistance(**{key: row[key] for key in keys})
        found[row["model"], row["prompt"], row["metric"]].append(past)
    return dict(found)


def state_before(connection: Connection, one: Watch, slot: dt.datetime) -> NightState | None:
    """Return the state of the night before; None for the first."""
    given = {"schedule": one.schedule.schedule_id, "slot": slot}
    found = rows(connection, statement("state_before", "nightly"), given)
    return NightState(found[0]["state"]) if found else None


def last_nights(
    engine: Engine, one: Watch, *, limit: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the last nights, newest first, and the metrics of all of them, oldest first."""
    given = {"schedule": one.schedule.schedule_id, "limit": limit}
    with transaction(engine) as connection:
        nights = rows(connection, statement("last_nights", "nightly"), given)
        if not nights:
            return [], []
        since = {"schedule": one.schedule.schedule_id, "since": nights[-1]["slot"]}
        return nights, rows(connection, statement("last_night_metrics", "nightly"), since)


def done_runs(engine: Engine, one: Watch) -> list[dict[str, Any]]:
    """Return ``slot``, ``run_id``, ``run`` and ``state`` of nights that were done, newest first."""
    given = {"schedule": one.schedule.schedule_id}
    with transaction(engine) as connection:
        return rows(connection, statement("done_runs", "nightly"), given)


def _night(row: Mapping[str, Any]) -> OpenNight:
    return OpenNight(**{**row, "state": NightState(row["state"])})
