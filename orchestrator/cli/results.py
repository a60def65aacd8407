"""``evalctl results``: the tables of a run, each from a view of ``analytics_v1``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from click import option

from db.judgements import run_judges
from db.results import read_results
from db.runs import find_run, run_progress
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import console, json_option, print_json, say
from orchestrator.errors import UsageFault
from reports.breakdown import explain
from reports.breakdown_text import explained as explained_parts
from reports.gaps import Row
from reports.imported import imported_lines, measured_here
from reports.left_out import left_out_lines
from reports.result_document import result_document
from reports.run_head import head_lines, run_head
from reports.sampling_text import sampling_lines
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
@option(
    "--judge",
    "judge",
    metavar="NAME",
    help="Show the scores of rules + this judge beside those of the rules.",
)
@option("--base", metavar="MODEL", help="Model that gaps are against.  [default: the first]")
@option("--explain", "explained", is_flag=True, help="Explain how each number was computed.")
@json_option
@examples(
    "evalctl results latest",
    "evalctl results quickstart-3f2a1b --json",
    "evalctl results latest --table resources --explain",
    "evalctl results latest --judge qwen3-4b",
)
def results(
    *,
    run: str,
    synthetic: bool,
    include_flagged: bool,
    chosen: tuple[str, ...],
    explained: bool,
    judge: str | None,
    base: str | None,
    as_json: bool,
) -> int:
    """Show the scores, latency and memory of a run.

    RUN is an id, a unique prefix of an id, a name, or `latest`.
    """
    with connect(name="results", synthetic=synthetic) as connections:
        found = find_run(connections.engine, run)
        progress = run_progress(connections.engine, found)
        if judge is not None:
            require_judge(run_judges(connections.engine, found.run_id), judge, found.name)
        read = read_results(
            connections.engine,
            found.run_id,
            include_flagged=include_flagged,
            explained=explained,
            judge=judge,
        )
    require_base(read.problem_means, base)
    document = result_document(read, base)
    if not as_json:
        for key in ("resources", "cache"):
            document[key] = measured_here(document[key], document["imported"])
    explanation = {} if read.breakdown is None else {"explain": explain(document, read.breakdown)}
    if as_json:
        head: dict[str, Any] = {"run": str(found.run_id), "name": found.name}
        head |= {"state": progress.state}
        head |= run_head(found)
        head |= {} if judge is None else {"judge": judge}
        print_json(head | document | explanation)
        return 0
    screen = console()
    say(*head_lines(found))
    if progress.open:
        jobs = f"{progress.open} of {progress.total} jobs are open"
        say(f"run {found.name} has not finished: {jobs}")
    say(*left_out_lines(document["missing"], document["scores"]))
    say(*imported_lines(document["imported"]))
    beside = {"scores": {"judged", "unscored", "gaps"}, "resources": {"cache"}}
    beside["prompts"] = {"prompt_effects", "prompt_steps"}
    kept = {*chosen, "limits"}.union(*(beside.get(table, set()) for table in chosen))
    wanted = kept if chosen else document.keys() - {"missing"}
    shown = {key: rows for key, rows in document.items() if key in wanted}
    shown["missing"] = document["missing"]
    tables = result_tables(shown, judge, flagged_counted=include_flagged)
    if tables:
        say(*sampling_lines(document["sampling"]), "")
    for table in tables:
        screen.print(table, "")
    for part in explained_parts(explanation["explain"], chosen) if explanation else ():
        screen.print(part)
    if not tables:
        more = "" if synthetic else " (add --synthetic to include synthetic models)"
        say(f"run {found.name} has no results{more}")
    return 0


def require_base(means: Sequence[Row], base: str | None) -> None:
    """Raise ``UsageFault`` for a base of gaps that has no scores."""
    models = dict.fromkeys(row["model"] for row in means)
    if base is not None and base not in models:
        raise UsageFault(f"--base: the run has no scores of {base!r}; it has {', '.join(models)}")


def require_judge(judges: Sequence[str], judge: str, run: str) -> None:
    """Raise ``UsageFault`` where a judge has said nothing about a run."""
    if judge not in judges:
        others = f"it has judgements of {', '.join(judges)}" if judges else "it has none"
        raise UsageFault(
            f"run {run} has no judgements of {judge!r}: {others}; `evalctl judge` asks for some"
        )
