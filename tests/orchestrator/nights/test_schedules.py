"""Due slots become runs: after outages, clock changes and crashes, with two reconcilers."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from core.errors import ServiceUnreachable
from db.engine import open_database, transaction
from db.nights.schedule_slots import Slot, last_slots
from db.nights.schedules import (
    Schedule,
    add_schedule,
    find_schedule,
    pause_schedule,
    resume_schedule,
)
from orchestrator.errors import UsageFault
from orchestrator.models.registry import Registry
from orchestrator.nights.schedules import Fired, fire_due_schedules, portable, run_now
from orchestrator.runs.experiment import make_experiment
from tests.support.database import count, query
from tests.support.jobs import spec
from tests.support.processes import running

RUNS = "SELECT count(*) FROM eval.run"
SESSION = "FROM pg_stat_activity WHERE application_name = '{}'"
END_SESSION = f"SELECT pg_terminate_backend(pid) {SESSION}"
BLOCKED = f"SELECT count(*) {SESSION} AND wait_event_type = 'Lock'"
HOUR = dt.timedelta(hours=1)
MIDNIGHT = dt.datetime(2026, 11, 24, 18, 0, tzinfo=dt.UTC)  # 02:00 in Shanghai


TWICE = ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"]
HOURLY = [*TWICE, *(f"2026-10-25T{hour:02}:00" for hour in range(3, 15))]


def models() -> Registry:
    return Registry({"fake": spec()})


def no_models() -> Registry:
    return Registry({})


def stored(
    engine: Engine,
    due_from: dt.datetime,
    *,
    name: str = "nightly",
    cron: str = "0 2 * * *",
    zone: str = "Asia/Shanghai",
    **experiment: Any,
) -> Schedule:
    asked = make_experiment(
        {"models": ["fake"], "problems": "quickstart", "repetitions": 1} | experiment
    )
    add_schedule(engine, name=name, cron=cron, timezone=zone, experiment=asked.to_dict())
    sql = "UPDATE eval.schedule SET due_from = %(due_from)s WHERE name = %(name)s"
    query(engine, sql, due_from=due_from, name=name)
    return find_schedule(engine, name)


def fire(
    engine: Engine, now: dt.datetime, registry: Callable[[], Registry] = models
) -> tuple[Fired, ...]:
    return fire_due_schedules(engine, registry=registry, now=now)


def slots(engine: Engine, schedule: Schedule) -> list[Slot]:
    """Return all slots, oldest first."""
    return list(last_slots(engine, schedule, limit=1000).get(schedule.schedule_id, ()))[::-1]


def until(holds: Callable[[], bool], within_s: float = 30.0) -> None:
    """Ask again and again, at most so long."""
    pause = threading.Event()
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        pause.wait(0.02)


def test_nothing_is_made_before_its_time_and_then_one_run(engine: Engine) -> None:
    schedule = stored(engine, MIDNIGHT - HOUR)
    assert fire(engine, MIDNIGHT - dt.timedelta(microseconds=1)) == ()
    (fired,) = fire(engine, MIDNIGHT)
    assert (fired.schedule, fired.slot) == ("nightly", MIDNIGHT)
    assert (fired.error, fired.skipped) == (None, 0)
    assert fired.submitted is not None
    assert (fired.submitted.name, fired.submitted.created) == ("nightly-2026-11-25T02:00", 6)
    assert fire(engine, MIDNIGHT) == ()
    assert fire(engine, MIDNIGHT + 23 * HOUR) == ()
    (next_night,) = fire(engine, MIDNIGHT + 24 * HOUR)
    assert next_night.submitted is not None
    assert next_night.submitted.name == "nightly-2026-11-26T02:00"
    assert [slot.slot for slot in slots(engine, schedule)] == [MIDNIGHT, MIDNIGHT + 24 * HOUR]
    assert count(engine, "SELECT count(*) FROM eval.outbox") == 12


def test_a_run_names_the_schedule_and_slot_it_comes_from(engine: Engine) -> None:
    schedule = stored(engine, MIDNIGHT - HOUR)
    fire(engine, MIDNIGHT)
    by_hand_at, _ = run_now(engine, schedule, models())
    with engine.connect() as connection:
        origins = connection.exec_driver_sql(
            "SELECT provenance -> 'schedule', provenance ? 'evalctl' FROM eval.run ORDER BY ordinal"
        ).all()
    same = {"name": "nightly", "timezone": "Asia/Shanghai"}
    assert [tuple(row) for row in origins] == [
        (same | {"slot": "2026-11-24T18:00:00+00:00", "by_hand": False}, True),
        (same | {"slot": by_hand_at.isoformat(), "by_hand": True}, True),
    ]


@pytest.mark.parametrize(
    ("cron", "zone", "evening", "made"),
    [
        ("30 2 * * *", "Europe/Berlin", "2027-03-27T18:00+01:00", ["2027-03-28T03:00"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T18:00+02:00", ["2026-10-25T02:30+02:00"]),
        ("30 2 * * *", "America/New_York", "2027-03-13T18:00-05:00", ["2027-03-14T03:00"]),
        ("30 1 * * *", "America/New_York", "2026-10-31T18:00-04:00", ["2026-11-01T01:30-04:00"]),
        ("0 * * * *", "Europe/Berlin", "2026-10-25T01:30+02:00", HOURLY),
    ],
)
def test_two_reconcilers_through_a_night_on_which_the_clocks_change(
    engine: Engine, cron: str, zone: str, evening: str, made: list[str]
) -> None:
    begin = dt.datetime.fromisoformat(evening)
    schedule = stored(engine, begin, cron=cron, zone=zone)
    for ticks in range(14 * 6):
        for _ in range(2):
            fire(engine, begin + dt.timedelta(minutes=10 * ticks))
    assert [slot.run for slot in slots(engine, schedule)] == [f"nightly-{name}" for name in made]


def test_a_slot_within_a_three_hour_outage_is_caught_up_once(engine: Engine) -> None:
    schedule = stored(engine, MIDNIGHT - 2 * HOUR)
    assert fire(engine, MIDNIGHT - HOUR) == ()
    (fired,) = fire(engine, MIDNIGHT + 2 * HOUR)
    assert (fired.slot, fired.skipped) == (MIDNIGHT, 0)
    assert fire(engine, MIDNIGHT + 2 * HOUR) == ()
    assert [slot.slot for slot in slots(engine, schedule)] == [MIDNIGHT]


@pytest.mark.parametrize(
    ("days", "shown"), [(4, "3 earlier missed slots"), (3000, "1000 or more earlier missed slots")]
)
def test_of_many_missed_slots_the_latest_is_made_and_the_log_says_so(
    engine: Engine, caplog: pytest.LogCaptureFixture, days: int, shown: str
) -> None:
    last = MIDNIGHT + dt.timedelta(days=days - 1)
    schedule = stored(engine, MIDNIGHT - HOUR)
    with caplog.at_level(logging.INFO, "evalctl.schedules"):
        (fired,) = fire(engine, last + 5 * HOUR)
    assert (fired.slot, fired.skipped) == (last, min(days - 1, 1000))
    assert [slot.slot for slot in slots(engine, schedule)] == [last]
    assert f"skipped {shown}" in caplog.text
    assert fire(engine, last + 5 * HOUR) == ()


def test_pause_and_resume(engine: Engine) -> None:
    schedule = stored(engine, MIDNIGHT - HOUR)
    pause_schedule(engine, schedule)
    assert fire(engine, MIDNIGHT + HOUR) == ()
    resume_schedule(engine, schedule, now=MIDNIGHT + 2 * HOUR)
    assert fire(engine, MIDNIGHT + 3 * HOUR) == ()
    (fired,) = fire(engine, MIDNIGHT + 24 * HOUR)
    assert (fired.slot, fired.skipped) == (MIDNIGHT + 24 * HOUR, 0)


def test_a_removed_model_leaves_an_error_and_the_next_night_is_submitted(engine: Engine) -> None:
    schedule = stored(engine, MIDNIGHT - HOUR)
    (failed,) = fire(engine, MIDNIGHT, no_models)
    assert failed.submitted is None
    assert fire(engine, MIDNIGHT + HOUR) == (), "the night is not tried again by itself"
    assert len(fire(engine, MIDNIGHT + 24 * HOUR)) == 1
    first, second = slots(engine, schedule)
    assert first.error_message == failed.error
    assert "no model is registered as 'fake'" in str(first.error_message)
    assert (first.run, second.run) == (None, "nightly-2026-11-26T02:00")


def broken_registry() -> Registry:
    raise UsageFault("evalctl.toml is not valid TOML")


def registry_of_wrong_values() -> Registry:
    return Registry({"fake": json.loads('"x"')})


@pytest.mark.parametrize(
    ("change", "registry", "said"),
    [
        ({}, broken_registry, "is not valid TOML"),
        ({}, registry_of_wrong_values, "AttributeError: 'str' object has no attribute"),
        ({"problems": "no-such-set"}, models, "there is no problem set 'no-such-set'"),
        ({"warp": 9}, models, "unknown keys warp"),
        ({"prompts": 7}, models, "must be a list of names"),
        ({"fixed_length": 7}, models, "has the wrong type"),
        ({"mode": "slow"}, models, "mode 'slow' is not one of latency, throughput"),
        ({"priority": 10**30}, models, "priority must be a whole number"),
    ],
)
def test_what_cannot_be_submitted_is_reported_and_stops_no_other(
    engine: Engine, change: dict[str, Any], registry: Callable[[], Registry], said: str
) -> None:
    bad = stored(engine, MIDNIGHT - HOUR, name="bad")
    asked = dict(bad.experiment) | change
    change_it = "UPDATE eval.schedule SET experiment = %(asked)s WHERE name = 'bad'"
    query(engine, change_it, asked=json.dumps(asked))
    good = stored(engine, MIDNIGHT - HOUR, name="good")
    fire(engine, MIDNIGHT, registry)
    (shown,) = slots(engine, bad)
    assert said in str(shown.error_message)
    assert (slots(engine, good)[0].run is not None) == (registry is models)
    assert fire(engine, MIDNIGHT + HOUR) == ()


def test_an_unknown_error_of_the_database_leaves_one_slot_due_and_stops_no_other(
    engine: Engine,
) -> None:
    bad = stored(engine, MIDNIGHT - HOUR, name="bad")
    good = stored(engine, MIDNIGHT - HOUR, name="good")
    refuse = (
        "CREATE FUNCTION eval.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.name LIKE 'bad-%%' THEN RAISE EXCEPTION 'odd' USING ERRCODE = 'XX001'; END IF; "
        "RETURN NEW; END $$"
    )
    query(engine, refuse)
    query(
        engine,
        "CREATE TRIGGER refuse BEFORE INSERT ON eval.run "
        "FOR EACH ROW EXECUTE FUNCTION eval.refuse()",
    )
    try:
        assert [fired.schedule for fired in fire(engine, MIDNIGHT)] == ["good"]
        assert (slots(engine, bad), len(slots(engine, good))) == ([], 1)
    finally:
        query(engine, "DROP FUNCTION eval.refuse() CASCADE")
    assert [fired.schedule for fired in fire(engine, MIDNIGHT)] == ["bad"]


def test_a_missing_or_broken_problem_file_leaves_an_error(engine: Engine, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    schedule = stored(engine, MIDNIGHT - HOUR, problems=str(mine))
    fire(engine, MIDNIGHT)
    (mine / "p.yaml").write_bytes(b"\xff\xfe\x00")
    fire(engine, MIDNIGHT + 24 * HOUR)
    first, second = slots(engine, schedule)
    assert "has no problems" in str(first.error_message)
    assert str(mine / "p.yaml") in str(second.error_message)


def test_a_schedule_in_a_time_zone_unknown_here_stops_no_other(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    stored(engine, MIDNIGHT - HOUR, name="lost", zone="Mars/Olympus")
    stored(engine, MIDNIGHT - HOUR, name="good")
    assert [fired.schedule for fired in fire(engine, MIDNIGHT)] == ["good"]
    assert "schedule lost cannot be read here" in caplog.text


def test_a_problem_set_on_disk_is_stored_with_its_full_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    for given, kept in (
        ("mine", str(tmp_path / "mine")),
        ("core", "core"),
        ("quickstart", "quickstart"),
    ):
        assert portable(make_experiment({"models": ["fake"], "problems": given})).problems == kept


def test_run_now_twice_makes_two_runs_and_takes_no_slot(engine: Engine) -> None:
    schedule = stored(engine, MIDNIGHT - HOUR)
    names = [run_now(engine, schedule, models(), now=MIDNIGHT)[1].name for _ in range(2)]
    assert names == ["nightly-2026-11-25T02:00:00-by-hand", "nightly-2026-11-25T02:00:00-by-hand-2"]
    assert len(fire(engine, MIDNIGHT)) == 1
    assert [slot.by_hand for slot in slots(engine, schedule)] == [False, True, True]
    assert count(engine, RUNS) == 3


def test_run_now_of_what_cannot_be_planned_records_nothing(engine: Engine) -> None:
    schedule = stored(engine, MIDNIGHT - HOUR)
    with pytest.raises(UsageFault, match="no model is registered"):
        run_now(engine, schedule, no_models())
    assert slots(engine, schedule) == []


def test_eight_at_once_and_a_run_by_hand(engine: Engine, database_url: str) -> None:
    schedule = stored(engine, MIDNIGHT - HOUR)
    start = threading.Barrier(9)

    def tick(_number: int) -> int:
        own = open_database(database_url, name="reconciler")
        try:
            with own.connect():
                start.wait(30)
            return len(fire(own, MIDNIGHT))
        finally:
            own.dispose()

    with ThreadPoolExecutor(9) as pool:
        ticks = [pool.submit(tick, number) for number in range(8)]
        start.wait(30)
        run_now(engine, schedule, models(), now=MIDNIGHT)
        made = sum(tick.result() for tick in ticks)
    # All of them may have found the schedule locked by the run by hand; then the next tick makes
    # the slot.
    assert made + len(fire(engine, MIDNIGHT)) == 1
    assert (count(engine, RUNS), len(slots(engine, schedule))) == (2, 2)
    assert count(engine, "SELECT count(*) FROM eval.job") == 12


def test_a_lock_not_got_in_time_leaves_the_slot_due(
    engine: Engine, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    schedule = stored(engine, MIDNIGHT - HOUR)
    hasty = open_database(database_url, name="hasty", lock_timeout_ms=50)
    with transaction(engine) as holder:
        holder.exec_driver_sql("LOCK TABLE eval.schedule_slot IN EXCLUSIVE MODE")
        assert fire(hasty, MIDNIGHT) == ()
    assert "slot 2026-11-25T02:00 will be retried" in caplog.text
    assert (slots(engine, schedule), count(engine, RUNS)) == ([], 0)
    assert len(fire(hasty, MIDNIGHT)) == 1
    hasty.dispose()


def test_a_connection_lost_between_run_and_slot_leaves_neither(
    engine: Engine, database_url: str
) -> None:
    schedule = stored(engine, MIDNIGHT - HOUR)
    own = open_database(database_url, name="cut off")
    with ThreadPoolExecutor(1) as pool, transaction(engine) as holder:
        holder.exec_driver_sql("LOCK TABLE eval.schedule_slot IN EXCLUSIVE MODE")
        tick = pool.submit(fire, own, MIDNIGHT)
        until(lambda: _blocked(engine, "evalctl cut off"))
        locks = "SELECT count(*) FROM pg_locks WHERE relation = 'eval.run'::regclass"
        assert count(engine, locks) > 0, "run is in"
        holder.exec_driver_sql(END_SESSION.format("evalctl cut off"))
        with pytest.raises(ServiceUnreachable):
            tick.result(30)
    assert (slots(engine, schedule), count(engine, RUNS)) == ([], 0)
    assert len(fire(own, MIDNIGHT)) == 1
    assert count(engine, RUNS) == 1
    own.dispose()


@pytest.mark.chaos
def test_reconcilers_killed_within_a_slot_and_then_two_together_make_one_run(
    engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "evalctl.toml"
    config.write_text(
        '[models.fake]\nengine = "synthetic"\nsource = "simulated"\n', encoding="utf-8"
    )
    environment |= {"EVALCTL_CONFIG": str(config)}
    schedule = stored(engine, dt.datetime.now(dt.UTC) - 24 * HOUR)
    command = [sys.executable, "-m", "orchestrator", "reconcile"]
    with transaction(engine) as holder:
        holder.exec_driver_sql("LOCK TABLE eval.schedule_slot IN EXCLUSIVE MODE")
        with running(command, environment) as process:
            until(lambda: _blocked(engine, "evalctl reconciler"), 60)
            process.process.kill()
            process.process.wait()
        holder.exec_driver_sql(END_SESSION.format("evalctl reconciler"))
    assert (slots(engine, schedule), count(engine, RUNS)) == ([], 0)
    once = [*command, "--once"]
    with running(once, environment) as first, running(once, environment) as second:
        assert (first.process.wait(60), second.process.wait(60)) == (0, 0)
    (made,) = slots(engine, schedule)
    assert made.run is not None
    assert count(engine, RUNS) == 1


def _blocked(engine: Engine, application: str) -> bool:
    """Whether a session of that name waits for a lock."""
    # In a separate transaction: within one, this view stays as it was first seen.
    return count(engine, BLOCKED.format(application)) > 0
