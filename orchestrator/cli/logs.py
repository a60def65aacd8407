"""``evalctl logs``: what workers, the reconciler and engines of this host wrote."""

from __future__ import annotations

import socket
from pathlib import Path

import click
from click import option

from core.settings import Settings
from db.runs.run import engine_log
from orchestrator.cli import INTERRUPTED
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import harmless, say
from orchestrator.errors import UsageFault
from orchestrator.log_files import followed, last_lines

SOURCES = ("worker", "reconciler", "supervisor", "engine")


@click.command()
@click.argument("source", type=click.Choice(SOURCES), default="worker")
@click.argument("job", type=int, required=False)
@option("-f", "--follow", is_flag=True, help="Go on with what is written from now on.")
@option(
    "-n",
    "--lines",
    type=click.IntRange(0),
    default=50,
    show_default=True,
    help="How many of the last lines to show.",
)
@examples("evalctl logs worker -f", "evalctl logs reconciler", "evalctl logs engine 17")
def logs(*, source: str, job: int | None, follow: bool, lines: int) -> int:
    """Show logs of this host's workers, reconciler or engine.

    Of a worker every line is JSON, one event each. `engine JOB` is the log of the engine that ran a
    job: its file on this host, or what was kept of it in the database. Ctrl-C ends --follow.
    """
    if (source == "engine") != (job is not None):
        raise UsageFault("a job belongs to `evalctl logs engine JOB`, and only to that")
    paths = _files(source) if job is None else _engine_file(job)
    places = []
    for path in paths:
        shown, size = last_lines(path, lines)
        if len(paths) > 1:
            say(f"==> {path} <==")
        _print(*shown)
        places.append((path, size))
    if not follow or not places:
        return 0
    try:
        for path, line in followed(places):
            _print(f"{path.stem}: {line}" if len(paths) > 1 else line)
    except KeyboardInterrupt:
        say("stopped following the log; its process keeps running", err=True)
    return INTERRUPTED


def _files(source: str) -> list[Path]:
    """Return the log files of a source. Raise ``UsageFault`` where there is none."""
    folder = Settings.from_environment().home / "logs"
    found = sorted(folder.glob(f"{source}*.log"))
    if not found:
        raise UsageFault(
            f"no log of a {source} is in {folder}: `evalctl up` writes them there; of one started "
            "otherwise, its own output is the log"
        )
    return found


def _engine_file(job: int) -> list[Path]:
    """Return the log file of a job's engine, or print what was kept and return none."""
    with connect(name="logs", synthetic=True) as connections:
        start = engine_log(connections.engine, job)
    if start is None:
        raise UsageFault(
            f"job {job} has no engine start on record: it did not run yet, or its engine did not "
            "start (`evalctl dead show` and `evalctl logs worker` say why)"
        )
    path = None if start["log_path"] is None else Path(start["log_path"])
    here = start["host"] == socket.gethostname()
    if here and path is not None and path.is_file():
        return [path]
    if start["content"] is None:
        where = f"; its file was {path} on {start['host']}" if path else ""
        raise UsageFault(f"engine start {start['start_id']} kept no log{where}")
    say(
        f"engine start {start['start_id']} on {start['host']}, as kept when it was ready:", err=True
    )
    _print(*start["content"].splitlines())
    return []


def _print(*lines: str) -> None:
    """Print lines of a log as they are, but nothing that a terminal would act on."""
    for line in lines:
        click.echo(harmless(line))
