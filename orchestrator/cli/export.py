"""``evalctl export``: the answers of a run for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click import option

from db.results.exports import run_export
from db.runs.run import find_run
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import json_option, print_json, say
from orchestrator.errors import UsageFault
from orchestrator.exports.every_eval_ever import UNKNOWN_DEVELOPER, export_every_eval_ever
from orchestrator.exports.inspect_logs import export_inspect
from orchestrator.exports.mlflow_runs import export_mlflow
from orchestrator.exports.tables import WRITERS, export_tables
from orchestrator.runs.submit import provenance

FORMATS = (*WRITERS, "inspect", "every-eval-ever", "mlflow")
#: What the files of a format hold, where not rows.
HELD = {"inspect": "samples", "every-eval-ever": "results", "mlflow": "runs"}


@click.command()
@click.argument("run", default="latest")
@option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
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
@option(
    "--organisation",
    default="unknown",
    metavar="NAME",
    help="Organisation that evaluated, for every-eval-ever.",
)
@option(
    "--developer",
    default=UNKNOWN_DEVELOPER,
    metavar="NAME",
    help="Who made models that are from no hub, for every-eval-ever.",
)
@option("--synthetic", is_flag=True, help="Include synthetic models, whose numbers are simulated.")
@json_option
@examples(
    "evalctl export latest --format parquet",
    "evalctl export quickstart-3f2a1b --format csv -o tables/",
    "evalctl export latest --format inspect -o logs/",
)
def export(
    *,
    run: str,
    form: str,
    out: Path | None,
    organisation: str,
    developer: str,
    synthetic: bool,
    as_json: bool,
) -> int:
    """Write the answers of a run for other programs.

    RUN is an id, a unique prefix of an id, a name, or `latest`. parquet, csv and jsonl give a file
    of answers, a row each with score, times, memory and origin, and a file of steps. inspect gives
    a log for each model and prompt style, every-eval-ever a record for each model, mlflow a store
    to which each run is added once.
    """
    with connect(name="export", synthetic=synthetic) as connections:
        found = find_run(connections.engine, run)
        version = provenance()["evalctl"]
        problem_set = str(found.experiment.get("problems", "unknown"))
        folder = out or Path(_folder_name(found.name))
        with run_export(connections.engine, found.run_id) as opened:
            if form == "inspect":
                files = export_inspect(opened, folder, version=version)
            elif form == "every-eval-ever":
                files = export_every_eval_ever(
                    opened,
                    folder,
                    version=version,
                    problem_set=problem_set,
                    organisation=organisation,
                    developer=developer,
                )
            elif form == "mlflow":
                files = export_mlflow(opened, folder, version=version, problem_set=problem_set)
            else:
                files = export_tables(opened, folder, form)
    document: dict[str, Any] = {"run": str(found.run_id), "name": found.name, "format": form}
    document |= {"folder": str(folder), "files": files}
    if as_json:
        print_json(document)
    else:
        what = HELD.get(form, "rows")
        for name, rows in files.items():
            say(f"{folder / name}: {rows:,} {what}")
    if not sum(files.values()):
        more = "" if synthetic else " (--synthetic includes synthetic models)"
        raise UsageFault(f"run {found.name} has no answers yet{more}; there is nothing to export")
    return 0


def _folder_name(run: str) -> str:
    """Return a run's name as a folder's: anything but letters, digits, dots and dashes is left."""
    kept = "".join(char if char.isalnum() or char in "-_." else "_" for char in run)
    return kept.strip(".") or "export"
