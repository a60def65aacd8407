"""``evalctl results``: the tables of a run, each from a view of ``analytics_v1``."""

from __future__ import annotations

import click

from db.results import read_results
from db.runs import find_run, run_progress
from orchestrator.console import console, json_option, print_json
from orchestrator.session import open_session
from reports.breakdown import explain
from reports.breakdown_text import explained as explained_parts
from reports.tables import result_tables


@click.command()
@click.argument("run", default="latest")
@click.option(
    "--synthetic", is_flag=True, help="Include rows of synthetic models, whose numbers are made up."
)
@click.option(
    "--include-flagged", is_flag=True, help="Count results with a flag into times and memory."
)
@click.option(
    "--table",
    "chosen",
    multiple=True,
    type=click.Choice(("scores", "resources", "prompts", "concurrency")),
    help="Show this table alone; may be repeated.",
)
@click.option("--explain", "explained", is_flag=True, help="Print what each number is made of.")
@json_option
def results(
    *,
    run: str,
    synthetic: bool,
    include_flagged: bool,
    chosen: tuple[str, ...],
    explained: bool,
    as_json: bool,
) -> int:
    """Show scores by category and resources of a run.

    RUN is an id, a unique prefix of one, a name, or `latest`.

    \b
    Example:
      evalctl results latest
      evalctl results quickstart-3f2a1b --json
      evalctl results latest --table resources --explain
    """
    with open_session(name="results", synthetic=synthetic) as session:
        found = find_run(session.engine, run)
        progress = run_progress(session.engine, found)
        read = read_results(
            session.engine, found.run_id, include_flagged=include_flagged, explained=explained
        )
    document = read.to_dict()
    explanation = {} if read.breakdown is None else {"explain": explain(document, read.breakdown)}
    if as_json:
        head = {"run": str(found.run_id), "name": found.name, "state": progress.state}
        print_json(head | document | explanation)
        return 0
    if progress.open:
        click.echo(
            f"run {found.name} is not finished: {progress.open} of {progress.total} jobs are open"
        )
    shown = {
        key: rows for key, rows in document.items() if not chosen or key in (*chosen, "limits")
    }
    tables = result_tables(shown)
    for table in tables:
        console().print(table, "")
    for part in explained_parts(explanation["explain"], chosen) if explanation else ():
        console().print(part)
    if not tables:
        click.echo(
            f"run {found.name} has no results{'' if synthetic else ' (rows of synthetic models need --synthetic)'}"
        )
    return 0
