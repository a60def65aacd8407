"""``evalctl rescore``: the stored answers of a run once more."""

from __future__ import annotations

import sys

import click

from db.runs import find_run
from orchestrator.console import json_option, print_json
from orchestrator.rescore import rescore_run
from orchestrator.session import open_session
from scoring.score import SCORER_VERSION


@click.command()
@click.argument("run")
@click.option("--force", is_flag=True, help="Score again even what this scorer version has scored.")
@json_option
def rescore(*, run: str, force: bool, as_json: bool) -> int:
    """Score the stored answers of a run again with this evalctl's scorer; earlier verdicts are kept.

    RUN is an id, a unique prefix of one, a name, or `latest`. Results show the newest scores. Exit code 1 if a stored
    problem cannot be read any more.

    \b
    Example:
      evalctl rescore latest
    """
    show_progress = sys.stderr.isatty() and not as_json
    with open_session(name="rescore") as session:
        found = find_run(session.engine, run)
        done = rescore_run(
            session.engine,
            found.run_id,
            force=force,
            on_progress=_progress if show_progress else _no_progress,
        )
    if as_json:
        print_json({"run": str(found.run_id), "name": found.name, **done.to_dict()})
    else:
        for name, why in done.unreadable.items():
            click.echo(f"{name} cannot be read: {why}", err=True)
        click.echo(
            f"run {found.name}: {done.scored} of {done.generations} answers scored by version {SCORER_VERSION}, "
            f"{done.changed} with another mark than before; {done.skipped} had been, {done.speed} of speed runs are not"
        )
    return 1 if done.unreadable else 0


def _progress(done: int, of: int) -> None:
    click.echo(f"\r{done}/{of} answers scored" + ("\n" if done >= of else ""), nl=False, err=True)


def _no_progress(_done: int, _of: int) -> None:
    """Show nothing."""
