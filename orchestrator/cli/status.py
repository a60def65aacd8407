"""``evalctl status``, ``watch`` and ``cancel``: the progress of runs, and cancelling one."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy import Engine

from core.counts import counted
from core.states import JobState
from db.queue.fleet import WorkerRow, list_workers
from db.queue.servers import held_models
from db.runs.run import Progress, Run, cancel_run, find_run, list_runs, run_progress
from db.spending.budgets import spending
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import console, duration, json_option, print_json, say
from orchestrator.errors import UsageFault
from orchestrator.runs.ending import paused_line
from orchestrator.runs.watch import watched
from orchestrator.supervisor import no_worker
from reports.tables.layout import listing, short_time
from reports.texts.estimate import gpu_time

#: What is known of a worker that reports no more.
SILENT = "it reports no more; if it is dead, other workers take its jobs when their leases end"


@click.command()
@click.argument("run", required=False)
@click.option("--tag", help="List only runs with this tag.")
@json_option
@examples("evalctl status", "evalctl status latest --json", "evalctl status --tag paper")
def status(*, run: str | None, tag: str | None, as_json: bool) -> int:
    """Show a run's progress, or newest runs and workers.

    RUN is an id, a unique prefix of an id, a name, or `latest`. Exit code 1 if the run has failed
    or dead jobs.
    """
    if run is not None and tag is not None:
        raise UsageFault("--tag lists runs; leave RUN out")
    with connect(name="status") as connections:
        if run is None:
            return _show_all(connections.engine, tag=tag, as_json=as_json)
        found = find_run(connections.engine, run)
        progress = run_progress(connections.engine, found)
        workers = [_worker(row) for row in list_workers(connections.engine)]
        names = found.experiment.get("models", [])
        held = [row for row in held_models(connections.engine) if row["model"] in names]
        used_h = None
        if found.budget_gpu_hours is not None:
            used_h = spending(connections.engine, found.run_id).used_h
        if as_json:
            document = _run_document(found, progress) | {"used_gpu_hours": used_h}
            eta_s = progress.eta_s if workers or not progress.open else None
            now = {"eta_s": eta_s, "failures": list(progress.failures)}
            print_json(document | now | {"workers": workers, "held_models": held})
        else:
            _print_run(found, progress, workers, held if progress.open else [], used_h=used_h)
        return 1 if progress.count(JobState.FAILED, JobState.DEAD) else 0


@click.command()
@click.argument("run", default="latest")
@examples("evalctl watch latest")
def watch(*, run: str) -> int:
    """Follow a run until it ends. Ctrl-C stops watching, not the run."""
    with connect(name="watch") as connections:
        progress = watched(connections.engine, find_run(connections.engine, run), console())
    return 0 if progress.state == "succeeded" else 1


@click.command()
@click.argument("run")
@json_option
@examples("evalctl cancel latest")
def cancel(*, run: str, as_json: bool) -> int:
    """Cancel a run's unfinished jobs; results are kept."""
    with connect(name="cancel") as connections:
        found = find_run(connections.engine, run)
        cancelled = cancel_run(connections.engine, found)
    if as_json:
        print_json({"run": str(found.run_id), "name": found.name, "cancelled": cancelled})
    elif cancelled:
        say(f"run {found.name}: {counted(cancelled, 'job')} cancelled")
    else:
        say(f"run {found.name}: nothing to cancel, all its jobs have ended")
    return 0


def _show_all(engine: Engine, *, tag: str | None, as_json: bool) -> int:
    runs = list_runs(engine, tag=tag)
    workers = [_worker(row) for row in list_workers(engine)]
    held = held_models(engine)
    if as_json:
        documents = [
            _run_document(run, progress) | {"created_at": run.created_at} for run, progress in runs
        ]
        print_json({"runs": documents, "workers": workers, "held_models": held})
        return 0
    if not runs and tag is not None:
        say(f"no run has the tag {tag!r}; `evalctl run tag RUN {tag}` gives it to one")
    elif not runs:
        say("no runs yet; `evalctl submit --help` shows how to start one")
    else:
        figures = ("done", "failed", "dead", "open", "submitted\n(UTC)", "id")
        lines = [_run_line(run, progress) for run, progress in runs]
        console().print(listing(("run", "state", *figures), lines, figures=figures))
    _print_held(held)
    _print_workers(workers)
    return 0


def _run_line(run: Run, progress: Progress) -> tuple[str, ...]:
    done = f"{progress.count(JobState.SUCCEEDED)}/{progress.total}"
    counts = (progress.count(JobState.FAILED), progress.count(JobState.DEAD), progress.open)
    shown = (str(count) if count else "-" for count in counts)
    named = "\n".join((run.name, *(f"#{tag}" for tag in run.tags)))
    return (named, progress.state, done, *shown, short_time(run.created_at), str(run.run_id)[:8])


def _print_run(
    run: Run,
    progress: Progress,
    workers: list[dict[str, Any]],
    held: list[dict[str, Any]],
    *,
    used_h: float | None,
) -> None:
    counted = ((progress.count(state), state.value) for state in JobState)
    counts = ", ".join(f"{count} {state}" for count, state in counted if count)
    say(f"run {run.name} ({run.run_id}): {progress.state}; {counts or 'no jobs'}")
    if run.tags:
        say(f"tags: {', '.join(run.tags)}")
    if used_h is not None:
        say(f"GPU time: {gpu_time(used_h)} of a budget of {gpu_time(run.budget_gpu_hours)}")
    if progress.state == "paused":
        say(paused_line(run))
    _print_held(held)
    if progress.state != "paused" and progress.open and workers:
        say("no ETA yet" if progress.eta_s is None else f"ETA {duration(progress.eta_s)}")
    for failure in progress.failures:
        what = f"{failure['model']}, {failure['error_class']}"
        say(f"  {failure['jobs']} {failure['state']} ({what}): {failure['example']}")
    _print_workers(workers)


def _print_held(held: list[dict[str, Any]]) -> None:
    for row in held:
        since, until = (f"{row[key]:%H:%M:%S}" for key in ("since", "until"))
        now = f"is held until {until} UTC" if row["held"] else "is being tried again"
        say(
            f"model {row['model']} {now}, its server fails since {since} UTC; its jobs wait at no "
            f"cost: {row['reason']}"
        )


def _print_workers(workers: list[dict[str, Any]]) -> None:
    if not workers:
        say(no_worker())
        return
    lines = [
        (
            worker["worker"],
            "-" if worker["gpu"] is None else str(worker["gpu"]),
            "silent" if worker["silent"] else worker["state"],
            worker["model"] or "-",
            f"{worker['last_seen_s']:.0f} s ago",
        )
        for worker in workers
    ]
    columns = ("worker", "gpu", "state", "model", "last seen")
    console().print(listing(columns, lines, figures=("gpu", "last seen")))
    for worker in workers:
        if worker["silent"]:
            say(f"  {worker['worker']}: {SILENT}")
        if worker["note"]:
            say(f"  {worker['worker']}: {worker['note']}")


def _run_document(run: Run, progress: Progress) -> dict[str, Any]:
    jobs = {state.value: progress.count(state) for state in JobState}
    named = {"run": str(run.run_id), "name": run.name, "tags": list(run.tags)}
    budget = {"budget_gpu_hours": run.budget_gpu_hours, "pause_reason": run.pause_reason}
    return named | {"state": progress.state, "jobs": jobs} | budget


def _worker(row: WorkerRow) -> dict[str, Any]:
    state = {"model": row.model, "state": row.state.value, "last_seen_s": row.last_seen_s}
    state["silent"] = row.silent
    place = {"host": row.host, "queues": row.queues, "note": row.note}
    return {"worker": row.name, "gpu": row.gpu_index} | state | place
