"""Slots under their key: one run each, however often and by however many processes."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine

from db.engine import open_database, transaction
from db.nights.schedule_slots import fail_slot, last_slots, make_hand_slot, make_slot
from db.nights.schedules import (
    Schedule,
    ScheduleExists,
    ScheduleNotFound,
    add_schedule,
    find_schedule,
    list_schedules,
    pause_schedule,
    remove_schedule,
    resume_schedule,
)
from db.queue.maintenance import LOCK_KEY, reconciler_runs
from db.runs.submissions import Submission, Submitted
from tests.support.database import count
from tests.support.jobs import submission

RUNS = "SELECT count(*) FROM eval.run"
SLOT = dt.datetime(2030, 1, 2, 18, 0, tzinfo=dt.UTC)
EARLIER = SLOT - dt.timedelta(days=1)


def stored(engine: Engine, name: str = "nightly", **columns: Any) -> Schedule:
    """Store a schedule whose slots up to the day before ``SLOT`` are settled."""
    add_schedule(
        engine,
        name=name,
        cron="0 18 * * *",
        timezone="UTC",
        experiment={"models": ["fake"]} | columns,
    )
    with transaction(engine) as connection:
        connection.exec_driver_sql(
            "UPDATE eval.schedule SET due_from = %s WHERE name = %s", (EARLIER, name)
        )
    return find_schedule(engine, name)


def night(slot: dt.datetime = SLOT) -> Submission:
    return submission(name=f"nightly-{slot:%Y-%m-%dT%H:%M:%S.%f}", new=True)


def test_a_slot_becomes_one_run_and_is_settled(engine: Engine) -> None:
    schedule = stored(engine)
    made = make_slot(engine, schedule, SLOT, night())
    assert made is not None
    assert (made.created, made.new_run) == (4, True)
    assert make_slot(engine, schedule, SLOT, night()) is None, "it is settled"
    assert make_slot(engine, schedule, EARLIER, night(EARLIER)) is None, "so is what came before it"
    assert find_schedule(engine, "nightly").due_from == SLOT
    (slot,) = last_slots(engine, schedule)[schedule.schedule_id]
    assert (slot.slot, slot.run_id) == (SLOT, made.run_id)
    assert (slot.run, slot.state) == (made.name, "queued")
    assert (slot.by_hand, slot.error_message) == (False, None)
    assert count(engine, RUNS) == 1


def test_the_key_stands_even_where_a_slot_was_settled_and_is_due_again(engine: Engine) -> None:
    assert make_slot(engine, stored(engine), SLOT, night()) is not None
    again = stored(engine)
    assert again.due_from == EARLIER, "the schedule was set back"
    assert make_slot(engine, again, SLOT, night()) is None
    assert (count(engine, RUNS), count(engine, "SELECT count(*) FROM eval.job")) == (1, 4)
    assert find_schedule(engine, "nightly").due_from == SLOT, "it is not read again"


def test_twelve_at_once_make_one_run(engine: Engine, database_url: str) -> None:
    schedule = stored(engine)
    start = threading.Barrier(12)

    def make(_number: int) -> Submitted | None:
        own = open_database(database_url, name="racer")
        try:
            with own.connect():
                start.wait(30)
            return make_slot(own, schedule, SLOT, night())
        finally:
            own.dispose()

    with ThreadPoolExecutor(12) as pool:
        made = [submitted for submitted in pool.map(make, range(12)) if submitted is not None]
    assert len(made) == 1
    assert (count(engine, RUNS), count(engine, "SELECT count(*) FROM eval.schedule_slot")) == (1, 1)
    assert count(engine, "SELECT count(*) FROM eval.job") == 4


def test_who_finds_the_slot_being_made_leaves_it_without_waiting(engine: Engine) -> None:
    schedule = stored(engine)
    with transaction(engine) as holder:
        holder.exec_driver_sql("SELECT FROM eval.schedule FOR NO KEY UPDATE")
        assert make_slot(engine, schedule, SLOT, night()) is None
        assert not fail_slot(engine, schedule, SLOT, "no")
    assert make_slot(engine, schedule, SLOT, night()) is not None, "the other gave up"


def test_an_error_settles_a_slot_and_the_next_goes_on(engine: Engine) -> None:
    schedule = stored(engine)
    assert fail_slot(engine, schedule, SLOT, "no model is registered as 'lost'")
    assert not fail_slot(engine, schedule, SLOT, "again")
    assert make_slot(engine, schedule, SLOT, night()) is None
    assert make_slot(engine, schedule, SLOT + dt.timedelta(days=1), night()) is not None
    later, earlier = last_slots(engine, schedule)[schedule.schedule_id]
    assert (later.error_message, later.state) == (None, "queued")
    assert earlier.error_message == "no model is registered as 'lost'"
    assert (earlier.run_id, earlier.run, earlier.state) == (None, None, None)


@pytest.mark.parametrize("now", [SLOT, SLOT + dt.timedelta(seconds=1), None])
def test_runs_by_hand_have_slots_of_their_own(engine: Engine, now: dt.datetime | None) -> None:
    schedule = stored(engine)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: make_hand_slot(engine, schedule, night, now), range(4)))
    slots = {slot for slot, _ in made}
    assert len(slots) == len({submitted.run_id for _, submitted in made}) == 4
    assert SLOT not in slots
    assert find_schedule(engine, "nightly").due_from == EARLIER
    assert make_slot(engine, schedule, SLOT, night()) is not None, "the night's slot is still due"
    assert count(engine, "SELECT count(*) FROM eval.schedule_slot WHERE by_hand") == 4


def test_a_run_by_hand_waits_for_no_slot_and_takes_none(engine: Engine) -> None:
    schedule = stored(engine)
    pause_schedule(engine, schedule)
    _slot, submitted = make_hand_slot(engine, schedule, night, SLOT)
    assert submitted.new_run, "a paused schedule can be run by hand"
    assert make_slot(engine, schedule, SLOT, night()) is None


def test_paused_slots_are_not_made_up(engine: Engine) -> None:
    schedule = stored(engine)
    assert pause_schedule(engine, schedule)
    assert not pause_schedule(engine, schedule)
    assert find_schedule(engine, "nightly").paused_at is not None
    assert make_slot(engine, schedule, SLOT, night()) is None
    assert resume_schedule(engine, schedule, now=SLOT + dt.timedelta(hours=1))
    assert make_slot(engine, schedule, SLOT, night()) is None
    assert make_slot(engine, schedule, SLOT + dt.timedelta(days=1), night()) is not None


def test_resuming_what_is_not_paused_skips_nothing(engine: Engine) -> None:
    schedule = stored(engine)
    assert not resume_schedule(engine, schedule, now=SLOT + dt.timedelta(hours=1))
    assert make_slot(engine, schedule, SLOT, night()) is not None


def test_a_removed_schedule_leaves_its_runs(engine: Engine) -> None:
    schedule = stored(engine)
    assert make_slot(engine, schedule, SLOT, night()) is not None
    assert remove_schedule(engine, schedule) == 1
    assert count(engine, RUNS) == 1
    for operation in (
        lambda: find_schedule(engine, "nightly"),
        lambda: remove_schedule(engine, schedule),
        lambda: make_hand_slot(engine, schedule, night),
    ):
        with pytest.raises(ScheduleNotFound, match="no schedule is named 'nightly'"):
            operation()
    assert make_slot(engine, schedule, SLOT + dt.timedelta(days=1), night()) is None
    assert not pause_schedule(engine, schedule)


def test_adding_the_same_again_changes_nothing_and_another_is_refused(engine: Engine) -> None:
    same: dict[str, Any] = {
        "name": "a",
        "cron": "0 2 * * *",
        "timezone": "UTC",
        "experiment": {"models": ("x",)},
    }
    assert add_schedule(engine, **same)
    assert not add_schedule(engine, **same)
    for other in (
        {"cron": "0 3 * * *"},
        {"timezone": "Asia/Shanghai"},
        {"experiment": {"models": ("y",)}},
    ):
        with pytest.raises(ScheduleExists, match="schedule remove a"):
            add_schedule(engine, **same | other)
    assert [schedule.name for schedule in list_schedules(engine)] == ["a"]


def test_the_public_view_shows_slots_runs_and_errors(engine: Engine) -> None:
    schedule = stored(engine)
    make_slot(engine, schedule, SLOT, night())
    fail_slot(engine, schedule, SLOT + dt.timedelta(days=1), "why")
    with engine.connect() as connection:
        shown = connection.exec_driver_sql(
            "SELECT schedule, timezone, slot, by_hand, run, error_message FROM "
            "analytics_v1.schedule_slots ORDER BY slot"
        ).all()
    assert [tuple(row) for row in shown] == [
        ("nightly", "UTC", SLOT, False, night().name, None),
        ("nightly", "UTC", SLOT + dt.timedelta(days=1), False, None, "why"),
    ]


def test_whether_a_reconciler_is_in_charge(engine: Engine) -> None:
    assert not reconciler_runs(engine)
    with transaction(engine) as holder:
        holder.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY + 1,))
        assert not reconciler_runs(engine), "another lock is not the reconciler's"
        holder.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
        assert reconciler_runs(engine)
    assert not reconciler_runs(engine)
