"""``evalctl report``: one file that people look at, and the index of several."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
from click import option

from core.counts import counted
from db.results.report import read_index, read_report
from db.runs.run import find_run, run_progress
from orchestrator.cli.examples import examples
from orchestrator.cli.files import written
from orchestrator.cli.numbers import whole
from orchestrator.comparison.report import comparison_of, recommendation_of
from orchestrator.connections import connect
from orchestrator.console import json_option, print_json, say
from orchestrator.errors import UsageFault
from reports.page.document import report_document
from reports.page.index import find_reports, index_document
from reports.page.shell import index_shell, render, report_shell

#: Answers on a page; more make it slow to open.
ANSWERS = 3000
#: Runs in the index.
RUNS_AT_MOST = 500


@click.command()
@click.argument("run", default="latest")
@option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="File to write; report.html or index.html without it.",
)
@option("--baseline", metavar="RUN", help="Compare the models with those of this run.")
@option(
    "--answers",
    type=whole(0),
    default=ANSWERS,
    show_default=True,
    help="Answers in the list at most, the first repetitions first.",
)
@option("--index", "as_index", is_flag=True, help="Write a page that lists the runs instead.")
@option("--synthetic", is_flag=True, help="Include synthetic models, whose numbers are simulated.")
@json_option
@examples(
    "evalctl report latest",
    "evalctl report quickstart-3f2a1b -o quickstart.html",
    "evalctl report nightly-2 --baseline nightly-1",
    "evalctl report --index -o reports/index.html",
)
def report(
    *,
    run: str,
    out: Path | None,
    baseline: str | None,
    answers: int,
    as_index: bool,
    synthetic: bool,
    as_json: bool,
) -> int:
    """Write a run's report as one HTML file.

    RUN is an id, a unique prefix of an id, a name, or `latest`.
    """
    if as_index:
        return _write_index(out or Path("index.html"), synthetic=synthetic, as_json=as_json)
    target = out or Path("report.html")
    with connect(name="report", synthetic=synthetic) as connections:
        found = find_run(connections.engine, run)
        state = run_progress(connections.engine, found).state
        engine = connections.engine
        rows = read_report(engine, found.run_id, answers=answers)
        base = None if baseline is None else find_run(engine, baseline)
        compared = comparison_of(engine, found, base)
        recommended = recommendation_of(engine, found)
    if not rows.models and not rows.ladder:
        more = "" if synthetic else " (add --synthetic to include synthetic models)"
        raise UsageFault(f"run {found.name} has nothing to report{more}")
    document = report_document(
        rows,
        state=state,
        written_at=dt.datetime.now(dt.UTC),
        comparison=compared,
        recommendation=recommended,
    )
    title = f"{found.name}: evalctl report"
    page = render(document, report_shell(), title=title, run=str(found.run_id))
    written(target, page)
    facts = {
        "run": str(found.run_id),
        "file": str(target),
        "bytes": len(page),
        "answers": len(document["answers"]),
        "summary": document["summary"],
        "verdict": None if compared is None else compared["verdict"],
        "left_out": document["left_out"],
    }
    if as_json:
        print_json(facts)
        return 0
    for sentence in document["summary"]:
        say(sentence)
    say(f"{target}: {len(page) / 1e6:.1f} MB; open it in a browser")
    return 0


def _write_index(target: Path, *, synthetic: bool, as_json: bool) -> int:
    with connect(name="report", synthetic=synthetic) as connections:
        runs = read_index(connections.engine, most=RUNS_AT_MOST)
    document = index_document(runs, find_reports(target.parent))
    page = render(document, index_shell(), title="evalctl reports")
    written(target, page)
    linked = sum(run["file"] is not None for run in document["runs"])
    if as_json:
        print_json({"file": str(target), "runs": len(runs), "linked": linked})
        return 0
    say(f"{target}: {counted(len(runs), 'run')}, {linked} with a report in the same folder")
    return 0
