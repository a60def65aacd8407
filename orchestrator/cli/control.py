"""``evalctl pause``, ``resume`` and ``retry``: hold a run, continue it, retry what failed."""

from __future__ import annotations

import click

from core.counts import counted
from core.states import JobState
from db.runs.control import Paused, pause_run, resume_run, retry_jobs
from db.runs.run import find_run, run_progress
from db.spending.budgets import set_budget
from orchestrator.cli.examples import examples
from orchestrator.cli.numbers import finite
from orchestrator.connections import connect
from orchestrator.console import json_option, print_json, say, warn
from orchestrator.errors import UsageFault
from orchestrator.runs.submit import held_warnings, publish_hints
from orchestrator.spending.budget_watch import agree_on_budget


@click.command()
@click.argument("run")
@json_option
@examples("evalctl pause latest")
def pause(*, run: str, as_json: bool) -> int:
    """Pause a run: queued jobs are held, running jobs finish.

    Jobs submitted to a paused run are held too. A run whose jobs have all ended stays as it is. RUN
    is an id, a unique prefix of an id, a name, or `latest`.
    """
    with connect(name="pause") as connections:
        found = find_run(connections.engine, run)
        paused = pause_run(connections.engine, found)
        found = find_run(connections.engine, str(found.run_id))
        state = run_progress(connections.engine, found).state
    if as_json:
        counts = {"held": paused.held, "running": paused.running}
        print_json({"run": str(found.run_id), "name": found.name, "state": state} | counts)
    else:
        say(f"run {found.name}{_paused_sentence(paused, state)}")
    return 0


def _paused_sentence(paused: Paused, state: str) -> str:
    if state != "paused":
        return ": nothing to pause, all its jobs have ended"
    if not (paused.held or paused.running):
        return " is paused already"
    held, running = counted(paused.held, "job"), counted(paused.running, "running job")
    return f": {held} held, {running} will finish"


@click.command()
@click.argument("run")
@click.option(
    "--budget-gpu-hours",
    "budget",
    type=finite(0, 1_000_000, above=True),
    metavar="N",
    help="Give it this budget, what it has taken included.",
)
@click.option("--no-budget", is_flag=True, help="Let it take what it takes.")
@json_option
@examples("evalctl resume latest", "evalctl resume latest --budget-gpu-hours 4")
def resume(*, run: str, budget: float | None, no_budget: bool, as_json: bool) -> int:
    """Resume a paused run.

    One that its budget paused needs a larger budget, or none.
    """
    if budget is not None and no_budget:
        raise UsageFault("give --budget-gpu-hours or --no-budget, not both")
    with connect(broker=True, name="resume") as connections:
        found = find_run(connections.engine, run)
        was_paused = found.paused_at is not None
        if no_budget:
            set_budget(connections.engine, found.run_id, None)
        else:
            agree_on_budget(connections.engine, found, budget)
        released = resume_run(connections.engine, found)
        published, warnings = publish_hints(connections.engine, connections.broker)
        found = find_run(connections.engine, str(found.run_id))
        state = run_progress(connections.engine, found).state
    warn(*warnings)
    if as_json:
        counts = {"released": released, "published": published, "warnings": list(warnings)}
        counts["budget_gpu_hours"] = found.budget_gpu_hours
        print_json({"run": str(found.run_id), "name": found.name, "state": state} | counts)
    elif was_paused or released:
        say(f"run {found.name}: {counted(released, 'job')} released")
    else:
        say(f"run {found.name} is not paused: nothing to resume")
    return 0


@click.command()
@click.argument("run")
@json_option
@examples("evalctl retry latest")
def retry(*, run: str, as_json: bool) -> int:
    """Requeue the failed and dead jobs of a run.

    Each job gets its original number of attempts again; earlier attempts stay on record.
    """
    with connect(broker=True, name="retry") as connections:
        found = find_run(connections.engine, run)
        retried = retry_jobs(connections.engine, found, (JobState.FAILED, JobState.DEAD))
        published, warnings = publish_hints(connections.engine, connections.broker)
        warnings = (*warnings, *held_warnings(connections.engine, retried))
    warn(*warnings)
    if as_json:
        counts = {"retried": len(retried), "published": published, "warnings": list(warnings)}
        print_json({"run": str(found.run_id), "name": found.name} | counts)
    elif retried:
        say(f"run {found.name}: {counted(len(retried), 'job')} requeued")
    else:
        say(f"run {found.name}: nothing to retry, no job of it is failed or dead")
    return 0
