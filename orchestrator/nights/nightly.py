"""Nights: find those that are due, compare those that are done, and say what a person must hear.

Each decision and its alerts are written in one transaction, which locks the night: a crash leaves
the night open, and two reconcilers decide once.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Sequence
from itertools import islice, takewhile

from sqlalchemy import Connection, Engine

from core.counts import counted
from core.states import AlertChannel, JobState, NightState
from db.engine import transaction
from db.nights.alerts import add_alert
from db.nights.baselines import frozen_metrics, newest_baseline
from db.nights.nightly import (
    OpenNight,
    Outcome,
    Watch,
    add_night,
    lock_night,
    night_history,
    open_nights,
    reopen_nights,
    set_night,
    settle_nights,
    slots_since,
    state_before,
)
from db.nights.schedules import database_time
from db.nights.values import read_night
from db.runs.run import Progress, find_run, run_progress
from orchestrator.nights.alert_settings import AlertSettings
from orchestrator.nights.comparison import FrozenNights, compare_night, learn
from orchestrator.nights.cron import cron_of
from orchestrator.nights.message import missed_outcome, night_alert, worth_saying
from orchestrator.nights.metrics import watched_metrics

#: Slots that one round takes in; the next round goes on.
SLOTS_AT_MOST = 1000
#: A night of which fewer of the jobs have a result has failed.
LEAST_SHARE = 0.9

log = logging.getLogger("evalctl.nightly")


def bring_up_to_date(
    engine: Engine, one: Watch, settings: AlertSettings, now: dt.datetime | None = None
) -> list[Outcome]:
    """Bring the nights of one schedule up to date; return what was decided.

    ``now`` is the database's clock by default. Raise ``UsageFault`` for a policy or a time zone
    that cannot be read here; ``ServiceUnreachable`` where the database is down.
    """
    at = database_time(engine) if now is None else now
    decided = _note_nights(engine, one, settings, at)
    for night in open_nights(engine, one):
        if (outcome := _decide(engine, one, night, settings, at)) is not None:
            log.info("schedule %s: night %s is %s", one.schedule.name, night.slot, outcome.state)
            decided.append(outcome)
    return decided


def _note_nights(
    engine: Engine, one: Watch, settings: AlertSettings, now: dt.datetime
) -> list[Outcome]:
    """Record the nights whose slots have come; those without a run have been missed.

    A slot that passes while the schedule is paused is not a night.
    """
    cron = cron_of(one.schedule)
    expected = islice(cron.after(one.settled_to), SLOTS_AT_MOST)
    due = list(takewhile(lambda slot: slot <= now, expected))
    with transaction(engine) as connection:
        reopen_nights(connection, one)
        slots = slots_since(connection, one, until=now)
        missed: list[tuple[dt.datetime, str]] = []
        settled = None
        for slot in sorted({*due, *slots}):
            made = slots.get(slot)
            if made is None and one.schedule.paused_at is None:
                if slot + one.due_within > now and not any(later > slot for later in slots):
                    break  # It may still be submitted.
                missed.append((slot, "its slot passed and no run was submitted"))
            elif made is not None and made["run_id"] is None:
                missed.append((slot, str(made["error_message"])))
            if made is not None or one.schedule.paused_at is None:
                add_night(connection, one, slot, run_id=made["run_id"] if made else None)
            settled = slot
        if settled is not None:
            settle_nights(connection, one, settled)
        for slot, why in missed:
            set_night(connection, one, slot, missed_outcome(1, why), now)
        if not missed:
            return []
        last, why = missed[-1]
        outcome = missed_outcome(len(missed), why)
        _alert(connection, one, last, outcome, settings.channels, run=None, ended=False)
    log.warning("schedule %s: %s nights were missed", one.schedule.name, len(missed))
    return [outcome]


def _decide(
    engine: Engine, one: Watch, night: OpenNight, settings: AlertSettings, now: dt.datetime
) -> Outcome | None:
    """Decide on one night, or return None where nothing has changed."""
    if night.run_id is None:
        return None
    run = find_run(engine, str(night.run_id))
    progress = run_progress(engine, run)
    if progress.open:
        if now < night.due_at or night.state is NightState.LATE:
            return None
        outcome = Outcome(state=NightState.LATE, reason=_late(progress), done=False)
        return _write(engine, one, night, outcome, settings=settings, now=now, run=run.name)
    with transaction(engine) as connection:
        outcome = _ended(connection, one, night.slot, night.run_id, progress)
    return _write(engine, one, night, outcome, settings=settings, now=now, run=run.name)


def _ended(
    connection: Connection, one: Watch, slot: dt.datetime, run_id: uuid.UUID, progress: Progress
) -> Outcome:
    """Return what a night comes to whose run has ended."""
    done = progress.count(JobState.SUCCEEDED)
    if progress.cancelled or done < LEAST_SHARE * progress.total:
        why = "its run was cancelled; " if progress.cancelled else ""
        reason = f"{why}{progress.total - done} of {progress.total} jobs have no result"
        return Outcome(state=NightState.FAILED, reason=reason, done=True)
    watched = watched_metrics(one.policy)
    values = read_night(connection, run_id)
    baseline = newest_baseline(connection, one.baseline)
    if baseline is None:
        return learn(values, watched)
    frozen = FrozenNights.of(baseline, frozen_metrics(connection, baseline))
    history = night_history(connection, one, slot, baseline.baseline_id)
    return compare_night(values, frozen, history, watched)


def _write(
    engine: Engine,
    one: Watch,
    night: OpenNight,
    outcome: Outcome,
    *,
    settings: AlertSettings,
    now: dt.datetime,
    run: str,
) -> Outcome | None:
    """Write the decision and its alerts together; None where another process decided."""
    with transaction(engine) as connection:
        locked = lock_night(connection, one, night.slot)
        if locked is None or locked.state is not night.state:
            return None
        last_night = state_before(connection, one, night.slot)
        set_night(connection, one, night.slot, outcome, now)
        if worth_saying(outcome, before=night.state, last_night=last_night):
            ended = outcome.state is NightState.QUIET and night.state is NightState.OPEN
            _alert(connection, one, night.slot, outcome, settings.channels, run=run, ended=ended)
        if outcome.done and outcome.state is not NightState.FAILED and settings.ping_url:
            ping = (AlertChannel.PING,)
            _alert(connection, one, night.slot, outcome, ping, run=run, ended=False)
    return outcome


def _alert(
    connection: Connection,
    one: Watch,
    slot: dt.datetime,
    outcome: Outcome,
    channels: Sequence[AlertChannel],
    *,
    run: str | None,
    ended: bool,
) -> None:
    text = night_alert(one, slot, outcome, run=run, ended=ended)
    add_alert(connection, text, channels)
    if AlertChannel.PING not in channels:
        log.warning("%s", text.subject)
        if not channels:
            log.warning("no channel for alerts is set up: see [alerts] of evalctl.toml")


def _late(progress: Progress) -> str:
    ended = progress.total - progress.open
    return f"{ended} of {counted(progress.total, 'job')} had ended by its hour"
