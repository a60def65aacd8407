"""``evalctl results``: the tables of a run, each from a view of ``analytics_v1``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import click
from click import option
from sqlalchemy import Engine

from core.counts import counted
from db.judging.judgements import run_judges
from db.results.parts import (
    PARTS,
    ResultFilter,
    names_of_run,
    read_missed_steps,
    read_parts,
    read_problem_parts,
)
from db.results.reading import read_results
from db.runs.run import Progress, Run, find_run, run_progress
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import console, json_option, print_json, say
from orchestrator.errors import UsageFault, some_names
from problems.schema import LEVELS
from reports.results.breakdown import explain
from reports.results.document import result_document
from reports.results.gaps import Row, gaps_by
from reports.results.head import head_lines, run_head
from reports.results.imported import imported_lines, measured_here
from reports.results.left_out import left_out_lines
from reports.results.narrowed import meant, narrowed
from reports.results.sampling import sampling_lines
from reports.results.shown import by_part, shown_lists
from reports.tables.missed_steps import missed_tables
from reports.tables.results import result_tables
from reports.texts.breakdown import explained as explained_parts


@click.command()
@click.argument("run", default="latest")
@option("--synthetic", is_flag=True, help="Include synthetic models, whose numbers are simulated.")
@option("--include-flagged", is_flag=True, help="Include flagged results in times and memory.")
@option(
    "--table",
    "chosen",
    multiple=True,
    type=click.Choice(
        ("scores", "resources", "energy", "prompts", "concurrency", "steps", "verification")
    ),
    help="Show only this table; may be repeated.",
)
@option(
    "--judge",
    "judge",
    metavar="NAME",
    help="Show the scores of rules + this judge beside those of the rules.",
)
@option("--base", metavar="MODEL", help="Model that gaps are against.  [default: the first]")
@option("--by", type=click.Choice(PARTS), help="Group the scores by this.  [default: category]")
@option("--model", "models", multiple=True, metavar="NAME", help="Only this model; repeatable.")
@option("--category", "categories", multiple=True, type=click.Choice(LEVELS), help="Only these.")
@option("--problem", "problems", multiple=True, metavar="ID", help="Only this one; repeatable.")
@option("--explain", "explained", is_flag=True, help="Explain how each number was computed.")
@json_option
@examples(
    "evalctl results latest",
    "evalctl results quickstart-3f2a1b --json",
    "evalctl results latest --table resources --explain",
    "evalctl results latest --judge qwen3-4b",
    "evalctl results latest --by topic --category university",
    "evalctl results latest --table steps --model qwen3-4b",
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
    by: str | None,
    models: tuple[str, ...],
    categories: tuple[str, ...],
    problems: tuple[str, ...],
    as_json: bool,
) -> int:
    """Show the scores, latency and memory of a run.

    RUN is an id, a unique prefix of an id, a name, or `latest`. The steps that each model misses
    most are shown with `--table steps`, and where only some problems are meant.
    """
    wanted = ResultFilter(models=models, categories=categories, problems=problems)
    with connect(name="results", synthetic=synthetic) as connections:
        found = find_run(connections.engine, run)
        progress = run_progress(connections.engine, found)
        require_names(connections.engine, found, wanted)
        if judge is not None:
            require_judge(run_judges(connections.engine, found.run_id), judge, found.name)
        read = read_results(
            connections.engine,
            found.run_id,
            include_flagged=include_flagged,
            explained=explained,
            judge=judge,
        )
        means = meant(read.problem_means, wanted)
        require_base(means, base)
        parts = _parts(connections.engine, found.run_id, by, wanted, steps="steps" in chosen)
        if by is not None and by != "category":
            of_problems = read_problem_parts(connections.engine, found.run_id, by)
            parts["part_gaps"] = gaps_by(means, by, of_problems, base)
    document = narrowed(result_document(replace(read, problem_means=means), base), wanted) | parts
    if not as_json:
        for key in ("resources", "cache"):
            document[key] = measured_here(document[key], document["imported"])
    explanation = {} if read.breakdown is None else {"explain": explain(document, read.breakdown)}
    if as_json:
        print_json(_head(found, progress, judge) | document | explanation)
        return 0
    screen = console()
    say(*head_lines(found))
    if progress.open:
        jobs = f"{progress.open} of {counted(progress.total, 'job')} still open"
        say(f"run {found.name} has not finished: {jobs}")
    lists = by_part(document)
    say(*left_out_lines(lists["missing"], lists["scores"]))
    say(*imported_lines(document["imported"]))
    shown = shown_lists(lists, chosen)
    tables = result_tables(shown, judge, flagged_counted=include_flagged)
    tables += missed_tables(
        shown.get("missed_steps", ()), str(found.experiment.get("language", "en"))
    )
    if wanted.narrows_problems and read.resources:
        say("times and memory are of all problems: they are shown without --category and --problem")
    if tables:
        say(*sampling_lines(document["sampling"]), "")
    for table in tables:
        screen.print(table, "")
    for part in explained_parts(explanation["explain"], chosen) if explanation else ():
        screen.print(part)
    if not tables and (models or wanted.narrows_problems):
        say(f"run {found.name} has no results that match these options")
    elif not tables and chosen and (read.resources or document["scores"]):
        say(f"run {found.name} has results, but none for the table {', '.join(chosen)}")
    elif not tables:
        more = "" if synthetic else " (add --synthetic to include synthetic models)"
        say(f"run {found.name} has no results{more}")
    return 0


def _head(run: Run, progress: Progress, judge: str | None) -> dict[str, Any]:
    """Return the keys of the document that say what the run is."""
    head = {"run": str(run.run_id), "name": run.name, "state": progress.state}
    return head | run_head(run) | ({} if judge is None else {"judge": judge})


def _parts(
    engine: Engine, run_id: UUID, by: str | None, wanted: ResultFilter, *, steps: bool
) -> dict[str, Any]:
    """Return what is shown by another part, and the missed steps, where either is asked for."""
    found: dict[str, Any] = {}
    if by is not None or wanted.problems:
        group = by or "category"
        rows = read_parts(engine, run_id, group, wanted)
        found["parts"] = [{"by": group} | row for row in rows]
    if steps or wanted.narrows_problems or by == "problem":
        found["missed_steps"] = read_missed_steps(engine, run_id, wanted)
    return found


def require_names(engine: Engine, run: Run, wanted: ResultFilter) -> None:
    """Raise ``UsageFault`` for a model or problem that a run has no jobs for."""
    if not (wanted.models or wanted.problems):
        return
    known = names_of_run(engine, run.run_id)
    for kind, named in (("model", wanted.models), ("problem", wanted.problems)):
        there = known.get(f"{kind}s", [])
        unknown = [name for name in named if name not in there]
        if unknown:
            raise UsageFault(
                f"run {run.name} has no {kind} {unknown[0]!r}; it has {some_names(there)}"
            )


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
