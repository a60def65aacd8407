"""Schedules: what is submitted by the clock."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from core.errors import DbError
from db.adapters import dumps
from db.engine import rows, transaction
from db.statements import statement


class ScheduleNotFound(DbError):  # noqa: N818 - named for what happened
    """Say that no schedule has a name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no schedule is named {name!r}; `evalctl schedule list` lists them")


class ScheduleExists(DbError):  # noqa: N818 - named for what happened
    """Say that another schedule has the name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"another schedule is already named {name!r}; remove it first "
            f"(`evalctl schedule remove {name}`, its runs are kept) or choose another name"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """An experiment that becomes a new run whenever its cron expression says so."""

    schedule_id: int
    name: str
    #: Five fields, read in ``timezone``.
    cron: str
    timezone: str
    experiment: Mapping[str, Any]
    #: Slots up to here are settled.
    due_from: dt.datetime
    paused_at: dt.datetime | None
    created_at: dt.datetime

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Schedule:
        """Read a row of the schedule statements."""
        keys = set(cls.__dataclass_fields__) - {"schedule_id"}
        return cls(schedule_id=row["id"], **{key: row[key] for key in keys})


def add_schedule(
    engine: Engine, *, name: str, cron: str, timezone: str, experiment: Mapping[str, Any]
) -> bool:
    """Store a schedule and return True; False where the same one exists.

    Raise ``ScheduleExists`` for another.
    """
    given = {
        "name": name,
        "cron": cron,
        "timezone": timezone,
        "experiment": dumps(dict(experiment)),
    }
    with transaction(engine) as connection:
        if rows(connection, statement("add_schedule", "schedules"), given):
            return True
    found = find_schedule(engine, name)
    if (found.cron, found.timezone, found.experiment) != (
        cron,
        timezone,
        json.loads(given["experiment"]),
    ):
        raise ScheduleExists(name)
    return False


def find_schedule(engine: Engine, name: str) -> Schedule:
    """Return a schedule by name. Raise ``ScheduleNotFound``."""
    with transaction(engine) as connection:
        found = rows(connection, statement("find_schedule", "schedules"), {"name": name})
    if not found:
        raise ScheduleNotFound(name)
    return Schedule.from_row(found[0])


def list_schedules(engine: Engine) -> list[Schedule]:
    """Return all schedules by name."""
    with transaction(engine) as connection:
        return [
            Schedule.from_row(row)
            for row in rows(connection, statement("all_schedules", "schedules"))
        ]


def active_schedules(
    engine: Engine, now: dt.datetime | None = None
) -> tuple[dt.datetime, list[Schedule]]:
    """Return the time and the schedules that are not paused.

    The time is the database's unless one is given.
    """
    with transaction(engine) as connection:
        at = _time(connection, now)
        found = rows(connection, statement("active_schedules", "schedules"))
    return at, [Schedule.from_row(row) for row in found]


def database_time(engine: Engine) -> dt.datetime:
    """Return the time on the database's clock, by which slots become due."""
    with transaction(engine) as connection:
        return _time(connection, None)


def pause_schedule(engine: Engine, schedule: Schedule) -> bool:
    """Pause a schedule until ``resume_schedule``. Return False where it was already paused."""
    return _changed(engine, "pause_schedule", {"schedule": schedule.schedule_id})


def resume_schedule(engine: Engine, schedule: Schedule, now: dt.datetime | None = None) -> bool:
    """Resume a schedule; slots missed meanwhile are skipped.

    Return False where it was not paused.
    """
    return _changed(engine, "resume_schedule", {"schedule": schedule.schedule_id, "now": now})


def remove_schedule(engine: Engine, schedule: Schedule) -> int:
    """Remove a schedule and its list of slots; its runs are kept. Return how many slots it had.

    Raise ``ScheduleNotFound``.
    """
    with transaction(engine) as connection:
        removed = rows(
            connection,
            statement("remove_schedule", "schedules"),
            {"schedule": schedule.schedule_id},
        )
    if not removed:
        raise ScheduleNotFound(schedule.name)
    return int(removed[0]["slots"])


def _time(connection: Connection, now: dt.datetime | None) -> dt.datetime:
    at: dt.datetime = rows(connection, statement("clock", "schedules"), {"now": now})[0]["now"]
    return at


def _changed(engine: Engine, name: str, given: Mapping[str, Any]) -> bool:
    with transaction(engine) as connection:
        return bool(rows(connection, statement(name, "schedules"), dict(given)))
