"""``evalctl results``: the tables of a run, each from a view of ``analytics_v1``."""

from __future__ import annotations

import click
from click import option

from db.results import read_results
from db.runs import find_run, run_progress
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import console, json_option, print_json
from reports.breakdown import explain
from reports.breakdown_text import explained as explained_parts
from reports.tables import result_tables


@click.command()
@click.argument("run", default="latest")
@option("--synthetic", is_flag=True, help="Include synthetic models, whose numbers are simulated.")
@option("--include-flagged", is_flag=True, help="Include flagged results in times and memory.")
@option(
    "--table",
    "chosen",
    multiple=True,
    type=click.Choice(("scores", "resources", "prompts", "concurrency")),
    help="Show only this table; may be repeated.",
)
@option("--explain", "explained", is_flag=True, help="Explain how each number was computed.")
@json_option
@examples(
    "evalctl results latest",
    "evalctl results quickstart-3f2a1b --json",
    "evalctl results latest --table resources --explain",
)
def results(
    *,
    run: str,
    synthetic: bool,
    include_flagged: bool,
    chosen: tuple[str, ...],
    explained: bool,
    as_json: bool,
) -> int:
    """Show the scores, latency and memory of a run.

    RUN is an id, a unique prefix of an id, a name, or `latest`.
    """
    with connect(name="results", synthetic=synthetic) as connections:
        found = find_run(connections.engine, run)
        progress = run_progress(connections.engine, found)
        read = read_results(
            connections.engine, found.run_id, include_flagged=include_flagged, explained=explained
        )
    document = read.to_dict()
    explanation = {} if read.breakdown is None else {"explain": explain(document, read.breakdown)}
    if as_json:
        head = {"run": str(found.run_id), "name": found.name, "state": progress.state}
        print_json(head | document | explanation)
        return 0
    if progress.open:
        jobs = f"{progress.open} of {progress.total} jobs are open"
        click.echo(f"run {found.name} has not finished: {jobs}")
    wanted = {*chosen, "limits"} if chosen else document.keys()
    shown = {key: rows for key, rows in document.items() if key in wanted}
    tables = result_tables(shown)
    for table in tables:
        console().print(table, "")
    for part in explained_parts(explanation["explain"], chosen) if explanation else ():
        console().print(part)
    if not tables:
        more = "" if synthetic else " (add --synthetic to include synthetic models)"
        click.echo(f"run {found.name} has no results{more}")
    return 0
