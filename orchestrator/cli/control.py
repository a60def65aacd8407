"""``evalctl pause``, ``resume`` and ``retry``: hold a run, let it go on, try again what failed."""

from __future__ import annotations

import click

from core.states import JobState
from db.control import pause_run, resume_run, retry_jobs
from db.runs import find_run, run_progress
from orchestrator.console import json_option, print_json, warn
from orchestrator.session import open_session
from orchestrator.submit import publish_hints


@click.command()
@click.argument("run")
@json_option
def pause(*, run: str, as_json: bool) -> int:
    """Pause a run: its queued jobs are held, those that run finish.

    Jobs submitted to it meanwhile are held too. RUN is an id, a unique prefix of one, a name, or `latest`.

    \b
    Example:
      evalctl pause latest
    """
    with open_session(name="pause") as session:
        found = find_run(session.engine, run)
        paused = pause_run(session.engine, found)
        state = run_progress(session.engine, find_run(session.engine, str(found.run_id))).state
    if as_json:
        counts = {"held": paused.held, "running": paused.running}
        print_json({"run": str(found.run_id), "name": found.name, "state": state} | counts)
    else:
        click.echo(
            f"run {found.name}: {paused.held} jobs held, {paused.running} finish what they do"
        )
    return 0


@click.command()
@click.argument("run")
@json_option
def resume(*, run: str, as_json: bool) -> int:
    """Let a paused run go on.

    \b
    Example:
      evalctl resume latest
    """
    with open_session(broker=True, name="resume") as session:
        found = find_run(session.engine, run)
        released = resume_run(session.engine, found)
        published, warnings = publish_hints(session.engine, session.broker)
        state = run_progress(session.engine, find_run(session.engine, str(found.run_id))).state
    for warning in warnings:
        warn(warning)
    if as_json:
        counts = {"released": released, "published": published, "warnings": list(warnings)}
        print_json({"run": str(found.run_id), "name": found.name, "state": state} | counts)
    else:
        click.echo(f"run {found.name}: {released} jobs released")
    return 0


@click.command()
@click.argument("run")
@json_option
def retry(*, run: str, as_json: bool) -> int:
    """Put the failed and dead jobs of a run back into the queue.

    Each gets as many further attempts as it had at first; its earlier attempts stay on record.

    \b
    Example:
      evalctl retry latest
    """
    with open_session(broker=True, name="retry") as session:
        found = find_run(session.engine, run)
        retried = retry_jobs(session.engine, found, (JobState.FAILED, JobState.DEAD))
        published, warnings = publish_hints(session.engine, session.broker)
    for warning in warnings:
        warn(warning)
    if as_json:
        counts = {"retried": len(retried), "published": published, "warnings": list(warnings)}
        print_json({"run": str(found.run_id), "name": found.name} | counts)
    else:
        click.echo(f"run {found.name}: {len(retried)} jobs put back into the queue")
    return 0
