"""``evalctl dead``: inspect, requeue or drop the jobs that used up their attempts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click import option
from rich.table import Table
from sqlalchemy import Engine

from core.states import JobState
from db.control import DeadJob, drop_dead, list_dead, retry_jobs
from db.runs import Run, find_run
from orchestrator.cli.examples import examples
from orchestrator.cli.numbers import whole
from orchestrator.connections import connect
from orchestrator.console import Function, console, json_option, print_json, say, warn
from orchestrator.errors import UsageFault
from orchestrator.submit import publish_hints


@click.group()
@examples("evalctl dead list latest")
def dead() -> None:
    """Inspect, requeue or drop dead jobs.

    A job is dead when its attempts are used up, or when the same error ended it on two workers.
    """


@dead.command("list")
@click.argument("run", required=False)
@option(
    "--limit",
    type=whole(1),
    default=100,
    show_default=True,
    help="Maximum number of jobs to show.",
)
@json_option
@examples("evalctl dead list", "evalctl dead list latest --json")
def list_(*, run: str | None, limit: int, as_json: bool) -> int:
    """List the dead jobs of a run, or of all runs, latest first."""
    with connect(name="dead") as connections:
        found, total = list_dead(connections.engine, _run(connections.engine, run), limit=limit)
    if as_json:
        print_json({"jobs": [job.to_dict() for job in found], "total": total})
        return 0
    if not found:
        say("no dead jobs")
        return 0
    failure = ("kind", "error", "attempts", "workers", "died (UTC)")
    table = Table("job", "run", "model", "problem", "prompt", "rep.", *failure)
    for job in found:
        what = (job.run_name, job.model, job.problem, job.prompt, str(job.repetition))
        why = (job.failure_kind, job.error_class or "-", str(job.attempt_no))
        workers = str(len({attempt["worker"] for attempt in job.attempts}))
        table.add_row(str(job.job_id), *what, *why, workers, f"{job.finished_at:%Y-%m-%d %H:%M}")
    console().print(table)
    if total > len(found):
        say(f"{total - len(found)} more; use --limit {total} to show all")
    return 0


@dead.command()
@click.argument("job", type=whole())
@json_option
@examples("evalctl dead show 17")
def show(*, job: int, as_json: bool) -> int:
    """Show a dead job and all its attempts."""
    with connect(name="dead") as connections:
        found, _total = list_dead(connections.engine, job_id=job)
    if not found:
        raise UsageFault(f"job {job} is not dead; `evalctl dead list` shows the dead jobs")
    if as_json:
        print_json(found[0].to_dict())
    else:
        _print_job(found[0])
    return 0


def choice(command: Function) -> Function:
    """Add the options that choose dead jobs to a command."""
    options: tuple[Callable[[Function], Function], ...] = (
        click.argument("run", required=False),
        option(
            "--job",
            "job_ids",
            type=whole(),
            multiple=True,
            help="Choose this job; may be repeated.",
        ),
        option("--all", "everything", is_flag=True, help="Choose the dead jobs of all runs."),
        json_option,
    )
    for one in reversed(options):
        command = one(command)
    return command


@dead.command()
@choice
@examples("evalctl dead retry latest", "evalctl dead retry --job 17 --job 18")
def retry(*, run: str | None, job_ids: tuple[int, ...], everything: bool, as_json: bool) -> int:
    """Requeue dead jobs: those of a run, the ones named, or all.

    Each job gets its original number of attempts again. Exit code 1 if a named job is not dead.
    """
    _check(run, job_ids, everything=everything)
    with connect(broker=True, name="dead") as connections:
        chosen = _run(connections.engine, run)
        done = retry_jobs(connections.engine, chosen, (JobState.DEAD,), job_ids=job_ids or None)
        published, warnings = publish_hints(connections.engine, connections.broker)
    document = {"retried": len(done), "job_ids": done, "published": published}
    document |= {"warnings": list(warnings)}
    return _report(document, f"{len(done)} jobs requeued", job_ids, done, as_json=as_json)


@dead.command()
@choice
@examples("evalctl dead drop --job 17", "evalctl dead drop --all")
def drop(*, run: str | None, job_ids: tuple[int, ...], everything: bool, as_json: bool) -> int:
    """Drop dead jobs for good.

    They count as cancelled and no longer make their run fail. Exit code 1 if a named job is not
    dead.
    """
    _check(run, job_ids, everything=everything)
    with connect(name="dead") as connections:
        done = drop_dead(connections.engine, _run(connections.engine, run), job_ids=job_ids or None)
    document = {"dropped": len(done), "job_ids": done, "warnings": []}
    return _report(document, f"{len(done)} jobs dropped", job_ids, done, as_json=as_json)


def _check(run: str | None, job_ids: tuple[int, ...], *, everything: bool) -> None:
    if everything and (run or job_ids):
        alone = "do not combine it with RUN or --job"
        raise UsageFault(f"--all chooses the dead jobs of all runs; {alone}")
    if not (everything or run or job_ids):
        raise UsageFault("choose dead jobs with a RUN, --job ID, or --all")


def _run(engine: Engine, reference: str | None) -> Run | None:
    return None if reference is None else find_run(engine, reference)


def _report(
    document: dict[str, Any],
    sentence: str,
    chosen: tuple[int, ...],
    done: list[int],
    *,
    as_json: bool,
) -> int:
    missed = sorted(set(chosen) - set(done))
    document["warnings"] += [f"job {job_id} is not dead" for job_id in missed]
    warn(*document["warnings"])
    if as_json:
        print_json(document)
    else:
        say(sentence)
    return 1 if missed else 0


def _print_job(job: DeadJob) -> None:
    what = f"{job.model}, {job.problem}, {job.prompt}, repetition {job.repetition}"
    say(f"job {job.job_id} of run {job.run_name}: {what}")
    why = f"{job.failure_kind}, {job.error_class}"
    say(f"dead since {job.finished_at:%Y-%m-%d %H:%M:%S} UTC ({why})")
    if job.error_message:
        say(job.error_message)
    table = Table("attempt", "worker", "gpu", "outcome", "error", "message", "started")
    for attempt in job.attempts:
        gpu = "-" if attempt["gpu"] is None else str(attempt["gpu"])
        number, started = str(attempt["attempt_no"]), attempt["started_at"][:19]
        error = (attempt["error_class"] or "-", attempt["error_message"] or "-")
        table.add_row(number, attempt["worker"], gpu, attempt["outcome"], *error, started)
    console().print(table)
    retry, drop = (f"`evalctl dead {verb} --job {job.job_id}`" for verb in ("retry", "drop"))
    say(f"{retry} requeues it, {drop} drops it")
