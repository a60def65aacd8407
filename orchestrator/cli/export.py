"""``evalctl export``: the answers of a run for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click import option

from db.exports import run_export
from db.runs import find_run
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import harmless, json_option, print_json
from orchestrator.errors import UsageFault
from orchestrator.exports.tables import WRITERS, export_tables


@click.command()
@click.argument("run", default="latest")
@option(
    "--format",
    "form",
    type=click.Choice(tuple(WRITERS)),
    required=True,
    help="Format of the files.",
)
@option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder to write into; one of the run's name without it.",
)
@option("--synthetic", is_flag=True, help="Include synthetic models, whose numbers are simulated.")
@json_option
@examples(
    "evalctl export latest --format parquet",
    "evalctl export quickstart-3f2a1b --format csv -o tables/",
)
def export(*, run: str, form: str, out: Path | None, synthetic: bool, as_json: bool) -> int:
    """Write the answers of a run for other programs.

    RUN is an id, a unique prefix of an id, a name, or `latest`. parquet, csv and jsonl give a file
    of answers, a row each with score, times, memory and origin, and a file of steps.
    """
    with connect(name="export", synthetic=synthetic) as connections:
        found = find_run(connections.engine, run)
        folder = out or Path(_folder_name(found.name))
        with run_export(connections.engine, found.run_id) as opened:
            files = export_tables(opened, folder, form)
    document: dict[str, Any] = {"run": str(found.run_id), "name": found.name, "format": form}
    document |= {"folder": str(folder), "files": files}
    if as_json:
        print_json(document)
    else:
        for name, rows in files.items():
            click.echo(harmless(f"{folder / name}: {rows:,} rows"))
    if not next(iter(files.values())):
        more = "" if synthetic else " (--synthetic includes synthetic models)"
        raise UsageFault(f"run {found.name} has no answers yet{more}; the files are empty")
    return 0


def _folder_name(run: str) -> str:
    """Return a run's name as a folder's: anything but letters, digits, dots and dashes is left."""
    kept = "".join(char if char.isalnum() or char in "-_." else "_" for char in run)
    return kept.strip(".") or "export"
