"""The slots of a schedule: each due time becomes one run or one error, exactly once.

The caller works out when a slot is due.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from core.states import JobState
from db.engine import rows, transaction
from db.nights.schedules import Schedule, ScheduleNotFound
from db.runs.run import Progress
from db.runs.submissions import Submission, Submitted, submit_in
from db.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One due time and its outcome: a run, or the reason why there is none."""

    slot: dt.datetime
    by_hand: bool
    made_at: dt.datetime
    run_id: uuid.UUID | None
    run: str | None
    #: State of the run; None where there is no run.
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


def make_slot(
    engine: Engine, schedule: Schedule, slot: dt.datetime, submission: Submission
) -> Submitted | None:
    """Submit the run of a slot and settle all slots up to it, in one transaction.

    The submission must be for a new run. Return None where the slot is settled, another process is
    submitting it, or the schedule is paused or removed.
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
    """Record why a slot has no run, and settle it.

    Return False where there was nothing to settle, as in ``make_slot``.
    """
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
    """Submit a run outside the schedule under a separate slot, and return both.

    No scheduled slot is used up. ``submission`` returns what to submit for the slot. Raise
    ``ScheduleNotFound`` where the schedule was removed.
    """
    given = {"schedule": schedule.schedule_id}
    with transaction(engine) as connection:
        if not rows(connection, statement("lock_schedule", "schedules"), given):
            raise ScheduleNotFound(schedule.name)
        slot: dt.datetime = rows(
            connection, statement("free_hand_slot", "schedules"), given | {"now": now}
        )[0]["slot"]
        submitted = submit_in(connection, submission(slot))
        # It is still free: the lock excludes other processes.
        _insert_slot(connection, schedule, slot, run_id=submitted.run_id, by_hand=True)
    return slot, submitted


def last_slots(
    engine: Engine, schedule: Schedule | None = None, *, limit: int = 10
) -> dict[int, Sequence[Slot]]:
    """Return the last slots by schedule id, newest first.

    Of one schedule, or of every one that has any.
    """
    given = {"schedule": schedule.schedule_id if schedule else None, "limit": limit}
    found: dict[int, list[Slot]] = {}
    with transaction(engine) as connection:
        for row in rows(connection, statement("slots", "schedules"), given):
            found.setdefault(row["schedule_id"], []).append(Slot.from_row(row))
    return dict(found)


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
