"""``evalctl schedule``: submit an experiment on a cron schedule."""

from __future__ import annotations

from pathlib import Path

import click
from click import option

from core.counts import counted
from core.settings import Settings
from db.nights.nightly import watches
from db.nights.schedule_slots import last_slots
from db.nights.schedules import (
    add_schedule,
    database_time,
    find_schedule,
    list_schedules,
    pause_schedule,
    remove_schedule,
    resume_schedule,
)
from db.queue.fleet import list_workers
from orchestrator.cli.examples import examples
from orchestrator.cli.nightly_options import NightlyOptions, nightly_options
from orchestrator.cli.numbers import whole
from orchestrator.cli.schedule_tables import (
    describe,
    next_slot,
    print_schedule,
    table_row,
    warnings_of,
)
from orchestrator.connections import connect
from orchestrator.console import console, json_option, print_json, say, warn
from orchestrator.errors import UsageFault
from orchestrator.models.registry import load_registry
from orchestrator.nights.cron import read_cron
from orchestrator.nights.schedules import check_name, portable, run_now
from orchestrator.runs.experiment import read_experiment
from orchestrator.runs.submit import Outcome, plan, publish_hints
from orchestrator.supervisor import no_worker
from reports.tables.layout import listing


@click.group()
@examples("evalctl schedule list")
def schedule() -> None:
    """Submit an experiment on a cron schedule."""


@schedule.command()
@click.argument("name")
@option(
    "--cron",
    required=True,
    metavar="FIELDS",
    help="Minute, hour, day of month, month, day of week.",
)
@option(
    "--tz",
    "timezone",
    default="UTC",
    show_default=True,
    metavar="ZONE",
    help="IANA time zone of the cron expression.",
)
@option(
    "-f",
    "--file",
    "path",
    required=True,
    type=click.Path(path_type=Path),
    help="Experiment file in TOML or YAML, as for `submit`.",
)
@nightly_options
@json_option
@examples(
    "evalctl schedule add nightly --cron '0 2 * * *' --tz Asia/Shanghai -f exp.toml",
    "evalctl schedule add nightly --cron '0 2 * * *' -f exp.toml --compare-with main",
    "evalctl schedule add weekdays --cron '30 1 * * 1-5' -f experiment.yaml",
)
def add(
    *, name: str, cron: str, timezone: str, path: Path, nightly: NightlyOptions, as_json: bool
) -> int:
    """Add a schedule.

    The cron expression and the experiment are checked first. The reconciler (part of `evalctl up`)
    submits a run for each slot. If it was down, it makes up for the latest missed slot only. When
    the clocks change, a schedule at chosen hours still runs once per slot.

    With --compare-with, each night is compared with a baseline, and alerts are sent. Adding the
    same schedule again with other such options changes them.
    """
    check_name(name)
    policy = nightly.checked_policy()
    read_cron(cron, timezone)
    experiment = portable(read_experiment(path, {}))
    planned = plan(experiment, load_registry(Settings.from_environment()), new=True)
    jobs = len(planned.models) * len(planned.problems) * len(planned.prompts) * planned.repetitions
    with connect(name="schedule") as connections:
        added = add_schedule(
            connections.engine,
            name=name,
            cron=cron,
            timezone=timezone,
            experiment=experiment.to_dict(),
        )
        found = find_schedule(connections.engine, name)
        changed = nightly.store(connections.engine, found, policy)
        document = describe(found, database_time(connections.engine))
        warnings = warnings_of(connections.engine, found) + nightly.warnings(connections.settings)
    if as_json:
        compared = {"compare_with": nightly.baseline, "compare_changed": changed}
        print_json(document | {"added": added, "jobs": jobs, "warnings": warnings} | compared)
        return 0
    following = next_slot(found, document)
    if added:
        say(f"schedule {name}: {counted(jobs, 'job')} a slot, {following}")
    else:
        say(f"schedule {name} already exists with these settings; {following}")
    if changed:
        say(f"its nights are compared with baseline {nightly.baseline} from now on")
    warn(*warnings)
    return 0


@schedule.command("list")
@json_option
@examples("evalctl schedule list")
def list_(*, as_json: bool) -> int:
    """List the schedules with their next and last slot."""
    with connect(name="schedule") as connections:
        found = list_schedules(connections.engine)
        last = last_slots(connections.engine, limit=1)
        now = database_time(connections.engine)
        warnings = warnings_of(connections.engine, *found)
    documents = [describe(one, now, last=tuple(last.get(one.schedule_id, ()))) for one in found]
    if as_json:
        print_json({"schedules": documents, "warnings": warnings})
        return 0
    if not found:
        say("no schedules yet; see `evalctl schedule add --help`")
        return 0
    lines = [table_row(one, document) for one, document in zip(found, documents, strict=True)]
    figures = ("next slot", "last slot")
    columns = ("schedule", "cron, time zone", *figures, "last run")
    console().print(listing(columns, lines, figures=figures))
    for document in documents:
        if document["last"] and document["last"]["error_message"]:
            details = f"`evalctl schedule show {document['schedule']}`"
            say(f"{details} explains why its last slot has no run")
    warn(*warnings)
    return 0


@schedule.command()
@click.argument("name")
@option(
    "--limit",
    type=whole(1),
    default=10,
    show_default=True,
    help="Maximum number of past slots to show.",
)
@json_option
@examples("evalctl schedule show nightly")
def show(*, name: str, limit: int, as_json: bool) -> int:
    """Show what a schedule submits, and its slots.

    Exit code 1 if its last slot could not be submitted.
    """
    with connect(name="schedule") as connections:
        found = find_schedule(connections.engine, name)
        slots = tuple(last_slots(connections.engine, found, limit=limit).get(found.schedule_id, ()))
        document = describe(found, database_time(connections.engine), last=slots)
        warnings = warnings_of(connections.engine, found)
        watched = next(iter(watches(connections.engine, name)), None)
    shown = [slot.to_dict() for slot in slots]
    document |= {"experiment": found.experiment, "slots": shown, "warnings": warnings}
    document["compare_with"] = watched.baseline if watched else None
    if as_json:
        print_json(document)
    else:
        print_schedule(found, document)
        if watched:
            within = f"due within {watched.due_within_s / 3600:g} h"
            say(f"nights are compared with baseline {watched.baseline}, {within}")
    return 1 if slots and slots[0].error_message else 0


@schedule.command()
@click.argument("name")
@json_option
@examples("evalctl schedule pause nightly")
def pause(*, name: str, as_json: bool) -> int:
    """Pause a schedule; runs already submitted continue."""
    with connect(name="schedule") as connections:
        changed = pause_schedule(connections.engine, find_schedule(connections.engine, name))
    if as_json:
        print_json({"schedule": name, "paused": True, "changed": changed})
    else:
        say(f"schedule {name} {'is paused' if changed else 'was already paused'}")
    return 0


@schedule.command()
@click.argument("name")
@json_option
@examples("evalctl schedule resume nightly")
def resume(*, name: str, as_json: bool) -> int:
    """Resume a schedule; slots missed meanwhile are skipped."""
    with connect(name="schedule") as connections:
        changed = resume_schedule(connections.engine, find_schedule(connections.engine, name))
        found = find_schedule(connections.engine, name)
        document = describe(found, database_time(connections.engine))
        warnings = warnings_of(connections.engine, found)
    if as_json:
        print_json(document | {"changed": changed, "warnings": warnings})
        return 0
    state = "is resumed" if changed else "was not paused"
    say(f"schedule {name} {state}; {next_slot(found, document)}")
    warn(*warnings)
    return 0


@schedule.command()
@click.argument("name")
@json_option
@examples("evalctl schedule remove nightly")
def remove(*, name: str, as_json: bool) -> int:
    """Remove a schedule and its slots; its runs are kept."""
    with connect(name="schedule") as connections:
        slots = remove_schedule(connections.engine, find_schedule(connections.engine, name))
    if as_json:
        print_json({"schedule": name, "removed": True, "slots": slots})
    else:
        say(f"schedule {name} is removed; its runs are kept")
    return 0


@schedule.command("run-now")
@click.argument("name")
@json_option
@examples("evalctl schedule run-now nightly")
def run_now_(*, name: str, as_json: bool) -> int:
    """Submit a schedule's experiment now, as a new run.

    The next slot is not affected.
    """
    with connect(broker=True, name="schedule") as connections:
        found = find_schedule(connections.engine, name)
        try:
            models = load_registry(connections.settings)
            slot, submitted = run_now(connections.engine, found, models)
        except UsageFault as error:
            raise UsageFault(f"schedule {name} cannot be run: {error}") from error
        published, warnings = publish_hints(connections.engine, connections.broker)
        if not list_workers(connections.engine):
            warnings = (*warnings, no_worker())
    outcome = Outcome(submitted=submitted, published=published, warnings=warnings)
    warn(*outcome.warnings)
    if as_json:
        print_json(outcome.to_dict() | {"schedule": name, "slot": slot})
    else:
        jobs = counted(submitted.created, "job")
        say(f"run {submitted.name} ({submitted.run_id}): {jobs} submitted")
    return 0
