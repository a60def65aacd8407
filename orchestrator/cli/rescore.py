"""``evalctl rescore``: score the stored answers of a run again."""

from __future__ import annotations

import sys

import click
from click import option

from core.counts import counted
from db.runs.run import find_run
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import json_option, print_json, say
from orchestrator.judging.rescore import rescore_run
from scoring.score import SCORER_VERSION


@click.command()
@click.argument("run")
@option(
    "--force", is_flag=True, help="Rescore answers that this scorer version has already scored."
)
@json_option
@examples("evalctl rescore latest")
def rescore(*, run: str, force: bool, as_json: bool) -> int:
    """Rescore a run's stored answers with this scorer.

    RUN is an id, a unique prefix of an id, a name, or `latest`. Earlier verdicts are kept; results
    show the newest scores. Exit code 1 if a stored problem can no longer be read.
    """
    show_progress = sys.stderr.isatty() and not as_json
    with connect(name="rescore") as connections:
        found = find_run(connections.engine, run)
        progress = _progress if show_progress else _no_progress
        run_id = found.run_id
        done = rescore_run(connections.engine, run_id, force=force, on_progress=progress)
    if as_json:
        print_json({"run": str(found.run_id), "name": found.name, **done.to_dict()})
    else:
        for name, why in done.unreadable.items():
            say(f"{name} cannot be read: {why}", err=True)
        say(
            f"run {found.name}: {done.scored} of {counted(done.generations, 'answer')} rescored by "
            f"version {SCORER_VERSION}, "
            f"{done.changed} of them with a new score; skipped: {done.skipped} already scored "
            "by it, "
            f"{done.speed} from speed runs"
        )
    return 1 if done.unreadable else 0


def _progress(done: int, of: int) -> None:
    click.echo(f"\r{done}/{of} answers scored" + ("\n" if done >= of else ""), nl=False, err=True)


def _no_progress(_done: int, _of: int) -> None:
    """Show nothing."""
