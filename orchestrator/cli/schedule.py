"""``evalctl schedule``: submit an experiment by the clock."""

from __future__ import annotations

import datetime as dt
from itertools import islice
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Column, Table
from sqlalchemy import Engine

from core.settings import Settings
from db.fleet import list_workers
from db.maintenance import reconciler_runs
from db.schedules import (
    Schedule,
    Slot,
    add_schedule,
    database_time,
    find_schedule,
    last_slots,
    list_schedules,
    pause_schedule,
    remove_schedule,
    resume_schedule,
)
from orchestrator.console import console, duration, json_option, print_json, warn
from orchestrator.errors import UsageFault
from orchestrator.experiment import read_experiment
from orchestrator.registry import load_registry
from orchestrator.schedules import check_name, cron_of, portable, read_cron, run_now
from orchestrator.session import open_session
from orchestrator.submit import Outcome, plan, publish_hints

#: A slot that was made later than this after its time was caught up.
LATE_S = 60.0
#: How slots are written. The offset tells the two halves of a doubled hour apart.
SHORT, FULL, LONG = "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M %z", "%a %Y-%m-%d %H:%M %z"
#: Next slots that ``show`` names.
NEXT = 3


@click.group()
def schedule() -> None:
    """Submit an experiment by the clock: every night, every hour, each time as a new run."""


@schedule.command()
@click.argument("name")
@click.option(
    "--cron",
    required=True,
    metavar="FIELDS",
    help="Minute, hour, day of month, month, day of week.",
)
@click.option(
    "--tz",
    "timezone",
    default="UTC",
    show_default=True,
    metavar="ZONE",
    help="IANA time zone in which cron is read.",
)
@click.option(
    "-f",
    "--file",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    help="Experiment as TOML or YAML, as for `submit`.",
)
@json_option
def add(*, name: str, cron: str, timezone: str, path: Path, as_json: bool) -> int:
    """Add a schedule; everything about it is checked at once.

    The reconciler (part of `evalctl up`) makes its slots. Of slots missed while none runs the latest is made up for.
    Where hours are chosen, a night on which the clocks change has each slot once.

    \b
    Example:
      evalctl schedule add nightly --cron '0 2 * * *' --tz Asia/Shanghai -f experiment.toml
      evalctl schedule add weekdays --cron '30 1 * * 1-5' -f experiment.yaml
    """
    check_name(name)
    read_cron(cron, timezone)
    experiment = portable(read_experiment(path, {}))
    planned = plan(experiment, load_registry(Settings.from_environment()), new=True)
    jobs = len(planned.models) * len(planned.problems) * len(planned.prompts) * planned.repetitions
    with open_session(name="schedule") as session:
        added = add_schedule(
            session.engine, name=name, cron=cron, timezone=timezone, experiment=experiment.to_dict()
        )
        found = find_schedule(session.engine, name)
        document = _document(found, database_time(session.engine))
        warnings = _warnings(session.engine, found)
    if as_json:
        print_json(document | {"added": added, "jobs": jobs, "warnings": warnings})
        return 0
    if added:
        click.echo(f"schedule {name}: {jobs} jobs a slot, {_next(found, document)}")
    else:
        click.echo(f"schedule {name} is there already, just as this; {_next(found, document)}")
    for warning in warnings:
        warn(warning)
    return 0


@schedule.command("list")
@json_option
def list_(*, as_json: bool) -> int:
    """List the schedules with their next slot and what became of the last one.

    \b
    Example:
      evalctl schedule list
    """
    with open_session(name="schedule") as session:
        found = list_schedules(session.engine)
        last = last_slots(session.engine, limit=1)
        now = database_time(session.engine)
        warnings = _warnings(session.engine, *found)
    documents = [_document(one, now, last=tuple(last.get(one.schedule_id, ()))) for one in found]
    if as_json:
        print_json({"schedules": documents, "warnings": warnings})
        return 0
    if not found:
        click.echo("no schedules yet; `evalctl schedule add --help` shows how to make one")
        return 0
    folded = Column("its run", overflow="fold")
    table = Table("schedule", "cron", "time zone", "next slot", "last slot", folded, "state")
    for one, document in zip(found, documents, strict=True):
        table.add_row(*map(escape, _row(one, document)))
    console().print(table)
    for document in documents:
        if document["last"] and document["last"]["error_message"]:
            click.echo(
                f"`evalctl schedule show {document['schedule']}` tells why its last slot has no run"
            )
    for warning in warnings:
        warn(warning)
    return 0


@schedule.command()
@click.argument("name")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Last slots to show at most.",
)
@json_option
def show(*, name: str, limit: int, as_json: bool) -> int:
    """Show a schedule: what it submits, its next slots, and what became of the last ones.

    Exit code 1 where no run could be made of its last slot.

    \b
    Example:
      evalctl schedule show nightly
    """
    with open_session(name="schedule") as session:
        found = find_schedule(session.engine, name)
        slots = tuple(last_slots(session.engine, found, limit=limit).get(found.schedule_id, ()))
        document = _document(found, database_time(session.engine), last=slots)
        warnings = _warnings(session.engine, found)
    document |= {
        "experiment": found.experiment,
        "slots": [slot.to_dict() for slot in slots],
        "warnings": warnings,
    }
    if as_json:
        print_json(document)
    else:
        _print_schedule(found, document)
    return 1 if slots and slots[0].error_message else 0


@schedule.command()
@click.argument("name")
@json_option
def pause(*, name: str, as_json: bool) -> int:
    """Make no slots until `resume`; runs that were submitted go on.

    \b
    Example:
      evalctl schedule pause nightly
    """
    with open_session(name="schedule") as session:
        changed = pause_schedule(session.engine, find_schedule(session.engine, name))
    if as_json:
        print_json({"schedule": name, "paused": True, "changed": changed})
    else:
        click.echo(f"schedule {name} {'is paused' if changed else 'was paused already'}")
    return 0


@schedule.command()
@click.argument("name")
@json_option
def resume(*, name: str, as_json: bool) -> int:
    """Make slots again from now on; those that passed meanwhile are not made up for.

    \b
    Example:
      evalctl schedule resume nightly
    """
    with open_session(name="schedule") as session:
        changed = resume_schedule(session.engine, find_schedule(session.engine, name))
        found = find_schedule(session.engine, name)
        document = _document(found, database_time(session.engine))
        warnings = _warnings(session.engine, found)
    if as_json:
        print_json(document | {"changed": changed, "warnings": warnings})
        return 0
    click.echo(
        f"schedule {name} {'goes on' if changed else 'was not paused'}; {_next(found, document)}"
    )
    for warning in warnings:
        warn(warning)
    return 0


@schedule.command()
@click.argument("name")
@json_option
def remove(*, name: str, as_json: bool) -> int:
    """Remove a schedule with its list of slots; its runs stay.

    \b
    Example:
      evalctl schedule remove nightly
    """
    with open_session(name="schedule") as session:
        slots = remove_schedule(session.engine, find_schedule(session.engine, name))
    if as_json:
        print_json({"schedule": name, "removed": True, "slots": slots})
    else:
        click.echo(f"schedule {name} is removed; its runs stay")
    return 0


@schedule.command("run-now")
@click.argument("name")
@json_option
def run_now_(*, name: str, as_json: bool) -> int:
    """Submit a schedule's experiment at once, out of turn, as a new run; the next slot is made all the same.

    \b
    Example:
      evalctl schedule run-now nightly
    """
    with open_session(broker=True, name="schedule") as session:
        found = find_schedule(session.engine, name)
        try:
            slot, submitted = run_now(session.engine, found, load_registry(session.settings))
        except UsageFault as error:
            raise UsageFault(f"schedule {name} cannot be run: {error}") from error
        published, warnings = publish_hints(session.engine, session.broker)
        if not list_workers(session.engine):
            warnings = (
                *warnings,
                "no worker is running; start one with `evalctl up` or `evalctl worker`",
            )
    outcome = Outcome(submitted=submitted, published=published, warnings=warnings)
    for warning in outcome.warnings:
        warn(warning)
    if as_json:
        print_json(outcome.to_dict() | {"schedule": name, "slot": slot})
    else:
        click.echo(f"run {submitted.name} ({submitted.run_id}): {submitted.created} jobs submitted")
    return 0


def _document(found: Schedule, now: dt.datetime, *, last: tuple[Slot, ...] = ()) -> dict[str, Any]:
    """Return what every command tells of a schedule; times in UTC."""
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


def _warnings(engine: Engine, *found: Schedule) -> list[str]:
    """Say what keeps schedules from being made."""
    if all(one.paused_at for one in found) or reconciler_runs(engine):
        return []
    return [
        "no reconciler is running, so no slot is made; start one with `evalctl up` or `evalctl reconcile`"
    ]


def _print_schedule(found: Schedule, document: dict[str, Any]) -> None:
    asked = found.experiment
    click.echo(f"schedule {found.name}: cron {found.cron}, time zone {found.timezone}")
    click.echo(
        f"submits {', '.join(asked['models'])} on {asked['problems']} (prompts {', '.join(asked['prompts'])}; "
        f"repetitions {asked['repetitions']})"
    )
    if found.paused_at:
        click.echo(
            f"paused since {found.paused_at:%Y-%m-%d %H:%M} UTC; `evalctl schedule resume {found.name}` lets it go on"
        )
    else:
        for slot in document["next"]:
            click.echo(f"next {_local(found, slot, style=LONG)} ({slot:%Y-%m-%d %H:%M} UTC)")
    if document["due"]:
        click.echo(f"due and not made yet: {_local(found, document['due'])}")
    for warning in document["warnings"]:
        warn(warning)
    if not document["slots"]:
        click.echo("no slot was made yet")
        return
    table = Table(
        f"slot ({escape(found.timezone)})", "made", Column("run", overflow="fold"), "state"
    )
    for slot in document["slots"]:
        late_s = (slot["made_at"] - slot["slot"]).total_seconds()
        made = (
            "by hand"
            if slot["by_hand"]
            else f"{duration(late_s)} late"
            if late_s > LATE_S
            else "in time"
        )
        became = (
            (slot["run"], slot["state"])
            if slot["run"]
            else (f"no run: {slot['error_message']}", "-")
        )
        table.add_row(*map(escape, (_local(found, slot["slot"]), made, *became)))
    console().print(table)


def _row(found: Schedule, document: dict[str, Any]) -> tuple[str, ...]:
    upcoming = "paused" if found.paused_at else _local(found, document["next"][0], style=SHORT)
    what = (found.name, found.cron, found.timezone, upcoming)
    slot = document["last"]
    if slot is None:
        return (*what, "-", "-", "-")
    return (
        *what,
        _local(found, slot["slot"], style=SHORT),
        slot["run"] or "-",
        slot["state"] or "no run",
    )


def _next(found: Schedule, document: dict[str, Any]) -> str:
    if found.paused_at:
        return "paused"
    return f"next {_local(found, document['next'][0], style=LONG)} {found.timezone}"


def _local(found: Schedule, slot: dt.datetime, *, style: str = FULL) -> str:
    """Write a slot in the schedule's zone."""
    return slot.astimezone(cron_of(found).zone).strftime(style)
