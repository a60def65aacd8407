"""Schedules: what is submitted by the clock, and the one run of each slot that was due.

The time a slot is due is worked out by the caller; this module makes sure that a slot becomes one run or one error,
whoever asks for it and however often.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from core.errors import DbError
from core.states import JobState
from db.engine import rows, transaction
from db.runs import Progress, Submission, Submitted, submit_in
from db.statements import statement


class ScheduleNotFound(DbError):  # noqa: N818 - named for what happened
    """Say that there is no schedule of a name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no schedule {name!r}; `evalctl schedule list` names them")


class ScheduleExists(DbError):  # noqa: N818 - named for what happened
    """Say that another schedule has the name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is a schedule {name!r} already and it is another one; remove it first "
            f"(`evalctl schedule remove {name}`, its runs stay) or choose another name"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One due time and what became of it: a run, or the reason why there is none."""

    slot: dt.datetime
    by_hand: bool
    made_at: dt.datetime
    run_id: uuid.UUID | None
    run: str | None
    #: The run's state in one word; None where there is no run.
    state: str | None
    error_message: str | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Slot:
        """Read a row of the slots."""
        counts: dict[JobState, int] = {
            state: int(row[state.value] or 0) for state in JobState if state is not JobState.QUEUED
        }
        counts[JobState.QUEUED] = int(row["open"] or 0) - counts[JobState.RUNNING]
        cancelled, paused = row["cancelled_at"] is not None, row["paused_at"] is not None
        progress = Progress(counts=counts, cancelled=cancelled, paused=paused)
        keys = set(cls.__dataclass_fields__) - {"state"}
        return cls(
            state=progress.state if row["run_id"] else None, **{key: row[key] for key in keys}
        )

    def to_dict(self) -> dict[str, Any]:
        """Return its JSON contract."""
        return {key: getattr(self, key) for key in self.__dataclass_fields__}


def add_schedule(
    engine: Engine, *, name: str, cron: str, timezone: str, experiment: Mapping[str, Any]
) -> bool:
    """Store a schedule and return True; False where the very same one is there. Raise ``ScheduleExists`` for another."""
    given = {
        "name": name,
        "cron": cron,
        "timezone": timezone,
        "experiment": json.dumps(dict(experiment)),
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
    """Return the time and the schedules that are not paused; the time is the database's unless one is given."""
    with transaction(engine) as connection:
        at = _time(connection, now)
        found = rows(connection, statement("active_schedules", "schedules"))
    return at, [Schedule.from_row(row) for row in found]


def database_time(engine: Engine) -> dt.datetime:
    """Return the time on the database's clock, by which slots become due."""
    with transaction(engine) as connection:
        return _time(connection, None)


def make_slot(
    engine: Engine, schedule: Schedule, slot: dt.datetime, submission: Submission
) -> Submitted | None:
    """Submit the run of a slot and settle all slots up to it, in one transaction; the submission must ask for a new run.

    Return None where the slot is settled, is being made by another process, or the schedule is paused or gone.
    """
    with transaction(engine) as connection:
        if not _lock_due(connection, schedule, slot):
            return None
        with connection.begin_nested() as attempt:
            submitted = submit_in(connection, submission)
            made = _insert_slot(connection, schedule, slot, run_id=submitted.run_id)
            if not made:
                attempt.rollback()
        rows(
            connection,
            statement("settle", "schedules"),
            {"schedule": schedule.schedule_id, "slot": slot},
        )
    return submitted if made else None


def fail_slot(engine: Engine, schedule: Schedule, slot: dt.datetime, message: str) -> bool:
    """Record why a slot has no run, and settle it. Return False where there was nothing to settle, as in ``make_slot``."""
    with transaction(engine) as connection:
        if not _lock_due(connection, schedule, slot):
            return False
        added = _insert_slot(connection, schedule, slot, error=message)
        rows(
            connection,
            statement("settle", "schedules"),
            {"schedule": schedule.schedule_id, "slot": slot},
        )
    return added


def make_hand_slot(
    engine: Engine,
    schedule: Schedule,
    submission: Callable[[dt.datetime], Submission],
    now: dt.datetime | None = None,
) -> tuple[dt.datetime, Submitted]:
    """Submit a run out of turn under a slot of its own, and return both; no slot of the clock is taken by it.

    ``submission`` is asked what to submit under the slot. Raise ``ScheduleNotFound`` where the schedule is gone.
    """
    given = {"schedule": schedule.schedule_id}
    with transaction(engine) as connection:
        if not rows(connection, statement("lock_schedule", "schedules"), given):
            raise ScheduleNotFound(schedule.name)
        slot: dt.datetime = rows(
            connection, statement("free_hand_slot", "schedules"), given | {"now": now}
        )[0]["slot"]
        submitted = submit_in(connection, submission(slot))
        # It is still free: the lock keeps others away.
        _insert_slot(connection, schedule, slot, run_id=submitted.run_id, by_hand=True)
    return slot, submitted


def pause_schedule(engine: Engine, schedule: Schedule) -> bool:
    """Let no slot be made until ``resume_schedule``. Return False where it was paused before."""
    return _changed(engine, "pause_schedule", {"schedule": schedule.schedule_id})


def resume_schedule(engine: Engine, schedule: Schedule, now: dt.datetime | None = None) -> bool:
    """Let slots be made from now on; those passed meanwhile are not made up. Return False where it was not paused."""
    return _changed(engine, "resume_schedule", {"schedule": schedule.schedule_id, "now": now})


def remove_schedule(engine: Engine, schedule: Schedule) -> int:
    """Remove a schedule with its list of slots; its runs stay. Return how many slots it had. Raise ``ScheduleNotFound``."""
    with transaction(engine) as connection:
        removed = rows(
            connection,
            statement("remove_schedule", "schedules"),
            {"schedule": schedule.schedule_id},
        )
    if not removed:
        raise ScheduleNotFound(schedule.name)
    return int(removed[0]["slots"])


def last_slots(
    engine: Engine, schedule: Schedule | None = None, *, limit: int = 10
) -> dict[int, Sequence[Slot]]:
    """Return the last slots by schedule id, newest first; of one schedule, or of every one that has any."""
    given = {"schedule": schedule.schedule_id if schedule else None, "limit": limit}
    found: dict[int, list[Slot]] = {}
    with transaction(engine) as connection:
        for row in rows(connection, statement("slots", "schedules"), given):
            found.setdefault(row["schedule_id"], []).append(Slot.from_row(row))
    return dict(found)


def _time(connection: Connection, now: dt.datetime | None) -> dt.datetime:
    at: dt.datetime = rows(connection, statement("clock", "schedules"), {"now": now})[0]["now"]
    return at


def _lock_due(connection: Connection, schedule: Schedule, slot: dt.datetime) -> bool:
    given = {"schedule": schedule.schedule_id, "slot": slot}
    return bool(rows(connection, statement("lock_due", "schedules"), given))


def _insert_slot(
    connection: Connection,
    schedule: Schedule,
    slot: dt.datetime,
    *,
    run_id: uuid.UUID | None = None,
    error: str | None = None,
    by_hand: bool = False,
) -> bool:
    given = {
        "schedule": schedule.schedule_id,
        "slot": slot,
        "by_hand": by_hand,
        "run": run_id,
        "error": error,
    }
    return bool(rows(connection, statement("insert_slot", "schedules"), given))


def _changed(engine: Engine, name: str, given: Mapping[str, Any]) -> bool:
    with transaction(engine) as connection:
        return bool(rows(connection, statement(name, "schedules"), dict(given)))
