"""What ``evalctl schedule`` prints: one document for programs, sentences and tables for people."""

from __future__ import annotations

import datetime as dt
from itertools import islice
from typing import Any

from sqlalchemy import Engine

from db.nights.schedule_slots import Slot
from db.nights.schedules import Schedule
from db.queue.maintenance import reconciler_runs
from orchestrator.console import console, duration, say, warn
from orchestrator.nights.cron import cron_of
from reports.tables.layout import listing, short_time

#: A slot that was submitted later than this after its time was missed and made up for.
LATE_S = 60.0
#: How slots are written. The offset distinguishes the two halves of a repeated hour.
FULL, LONG = "%Y-%m-%d %H:%M %z", "%a %Y-%m-%d %H:%M %z"
#: Next slots that ``show`` names.
NEXT = 3


def describe(found: Schedule, now: dt.datetime, *, last: tuple[Slot, ...] = ()) -> dict[str, Any]:
    """Return the document of a schedule that every command prints; times in UTC."""
    upcoming: list[dt.datetime] = []
    due = None
    if found.paused_at is None:
        cron = cron_of(found)
        upcoming = list(islice(cron.after(max(now, found.due_from)), NEXT))
        due = cron.latest(found.due_from, now)
    return {
        "schedule": found.name,
        "cron": found.cron,
        "timezone": found.timezone,
        "paused_at": found.paused_at,
        "created_at": found.created_at,
        "due": due,
        "next": upcoming,
        "last": last[0].to_dict() if last else None,
    }


def warnings_of(engine: Engine, *found: Schedule) -> list[str]:
    """Return what keeps these schedules from being submitted."""
    if all(one.paused_at for one in found) or reconciler_runs(engine):
        return []
    start = "start one with `evalctl up` or `evalctl reconcile`"
    return [f"no reconciler is running, so no scheduled run is submitted; {start}"]


def print_schedule(found: Schedule, document: dict[str, Any]) -> None:
    """Print a schedule, its next slots and its past ones."""
    experiment = found.experiment
    say(f"schedule {found.name}: cron {found.cron}, time zone {found.timezone}")
    models, prompts = ", ".join(experiment["models"]), ", ".join(experiment["prompts"])
    each = f"prompts {prompts}; repetitions {experiment['repetitions']}"
    say(f"submits {models} on {experiment['problems']} ({each})")
    if found.paused_at:
        resume = f"resume it with `evalctl schedule resume {found.name}`"
        say(f"paused since {found.paused_at:%Y-%m-%d %H:%M} UTC; {resume}")
    else:
        for slot in document["next"]:
            say(f"next {_local(found, slot, style=LONG)} ({slot:%Y-%m-%d %H:%M} UTC)")
    if document["due"]:
        say(f"due, not yet submitted: {_local(found, document['due'])}")
    warn(*document["warnings"])
    if not document["slots"]:
        say("no past slots")
        return
    heading = f"slot\n({found.timezone})"
    lines = []
    for slot in document["slots"]:
        late_s = (slot["made_at"] - slot["slot"]).total_seconds()
        on_time = f"{duration(late_s)} late" if late_s > LATE_S else "on time"
        made = "by hand" if slot["by_hand"] else on_time
        none = (f"no run: {slot['error_message']}", "-")
        outcome = (slot["run"], slot["state"]) if slot["run"] else none
        lines.append((_local(found, slot["slot"]), made, *outcome))
    columns = (heading, "submitted", "run", "state")
    console().print(listing(columns, lines, figures=(heading,)))


def table_row(found: Schedule, document: dict[str, Any]) -> tuple[str, ...]:
    """Return a row of the list of schedules."""
    upcoming = "paused" if found.paused_at else _local(found, document["next"][0], short=True)
    what = (found.name, f"{found.cron}\n{found.timezone}", upcoming)
    slot = document["last"]
    if slot is None:
        return (*what, "-", "-")
    when = _local(found, slot["slot"], short=True)
    return (*what, f"{when}\n{slot['state'] or 'no run'}", slot["run"] or "-")


def next_slot(found: Schedule, document: dict[str, Any]) -> str:
    """Say when the next slot is due."""
    if found.paused_at:
        return "paused"
    return f"next {_local(found, document['next'][0], style=LONG)} {found.timezone}"


def _local(found: Schedule, slot: dt.datetime, *, style: str = FULL, short: bool = False) -> str:
    """Write a slot in the schedule's zone."""
    local = slot.astimezone(cron_of(found).zone)
    return short_time(local) if short else local.strftime(style)
