"""``evalctl dead``: inspect, requeue or drop the jobs that used up their attempts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click import option
from sqlalchemy import Engine

from core.counts import counted
from core.states import FailureKind, JobState
from db.runs.control import DeadJob, drop_dead, list_dead, retry_jobs
from db.runs.run import Run, find_run
from orchestrator.cli.examples import examples
from orchestrator.cli.numbers import whole
from orchestrator.connections import connect
from orchestrator.console import Function, console, json_option, print_json, say, warn
from orchestrator.errors import UsageFault
from orchestrator.runs.submit import held_warnings, publish_hints
from reports.tables.layout import legend, listing, short_time

POISON = FailureKind.POISON.value


@click.group()
@examples("evalctl dead list latest")
def dead() -> None:
    """Inspect, requeue or drop dead and failed jobs.

    A failed job's input was refused. A job is dead when its attempts are used up, or when the same
    error ended it on two workers.
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
    """List dead and failed jobs with their messages.

    The latest come first.
    RUN is an id, a unique prefix of one, a name, or `latest`; without it, of all runs.
    """
    with connect(name="dead") as connections:
        found, total = list_dead(connections.engine, _run(connections.engine, run), limit=limit)
    if as_json:
        print_json({"jobs": [job.to_dict() for job in found], "total": total})
        return 0
    if not found:
        say("no dead or failed jobs")
        return 0
    figures = ("job", "state", "tries", "ended\n(UTC)")
    columns = ("job", "state", "what", "error", *figures[2:])
    console().print(listing(columns, list(map(_line, found)), figures=figures))
    if any(job.failure_kind == POISON for job in found):
        say(legend("poison"))
    if total > len(found):
        say(f"{total - len(found)} more; use --limit {total} to show all")
    return 0


def _line(job: DeadJob) -> tuple[str, ...]:
    what = (f"{job.model},", f"{job.problem}, {job.prompt}, repetition {job.repetition}")
    why = job.failure_kind if job.error_class is None else f"{job.failure_kind}: {job.error_class}"
    error = "\n".join(filter(None, (why, (job.error_message or "").strip())))
    ended = short_time(job.finished_at).replace(" ", "\n")
    run = f"run {job.run_name}"
    return str(job.job_id), job.state, "\n".join((*what, run)), error, str(job.attempt_no), ended


@dead.command()
@click.argument("job", type=whole())
@json_option
@examples("evalctl dead show 17")
def show(*, job: int, as_json: bool) -> int:
    """Show a dead or failed job and all its attempts."""
    with connect(name="dead") as connections:
        found, _total = list_dead(connections.engine, job_id=job)
    if not found:
        raise UsageFault(f"job {job} is neither dead nor failed; `evalctl dead list` shows those")
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
    """Requeue dead jobs: of a run, by their ids, or all.

    Each job gets its original number of attempts again. A failed job is requeued where --job names
    it; `evalctl retry` requeues all of a run. Exit code 1 if a named job is neither.
    """
    _check(run, job_ids, everything=everything)
    with connect(broker=True, name="dead") as connections:
        chosen = _run(connections.engine, run)
        states = (JobState.DEAD, JobState.FAILED) if job_ids else (JobState.DEAD,)
        done = retry_jobs(connections.engine, chosen, states, job_ids=job_ids or None)
        published, warnings = publish_hints(connections.engine, connections.broker)
        warnings = (*warnings, *held_warnings(connections.engine, done))
    document = {"retried": len(done), "job_ids": done, "published": published}
    document |= {"warnings": list(warnings)}
    return _report(
        document, f"{counted(len(done), 'job')} requeued", job_ids, done, as_json=as_json
    )


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
    return _report(document, f"{counted(len(done), 'job')} dropped", job_ids, done, as_json=as_json)


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
    say(f"{job.state} since {job.finished_at:%Y-%m-%d %H:%M:%S} UTC ({why})")
    if job.error_message:
        say(job.error_message)
    lines = [
        (
            str(attempt["attempt_no"]),
            attempt["worker"],
            "-" if attempt["gpu"] is None else str(attempt["gpu"]),
            attempt["outcome"],
            "\n".join(filter(None, (attempt["error_class"], attempt["error_message"]))) or "-",
            attempt["started_at"][5:16].replace("T", "\n"),
        )
        for attempt in job.attempts
    ]
    figures = ("try", "gpu", "started\n(UTC)")
    columns = ("try", "worker", "gpu", "outcome", "error", figures[2])
    console().print(listing(columns, lines, figures=figures))
    if job.failure_kind == POISON:
        say(legend("poison"))
    retry, drop = (f"`evalctl dead {verb} --job {job.job_id}`" for verb in ("retry", "drop"))
    say(f"{retry} requeues it{f', {drop} drops it' if job.state == 'dead' else ''}")
