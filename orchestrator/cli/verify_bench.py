"""``evalctl verify-bench``: the verifier under test."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from click import option

from orchestrator.cli.examples import examples
from orchestrator.cli.problems import LABELLED
from orchestrator.console import console, json_option, print_json
from orchestrator.errors import UsageFault
from problems.importers.rows import json_rows
from problems.labelling import load_labelled
from problems.loader import load_set
from reports.verification_text import bench_lines, protocol_lines
from scoring.quality.processbench import (
    PUBLISHED,
    by_computation,
    majority_label,
    protocol_score,
    read_solutions,
)
from scoring.quality.verification_bench import SPLITS, Split, bases, run_bench, split_of, whole


@click.command(name="verify-bench")
@option(
    "--split",
    type=click.Choice([*SPLITS, "all"]),
    default="all",
    show_default=True,
    help="Half of the problems: the rules were tuned on development alone.",
)
@option(
    "--processbench",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Score computation on a file of ProcessBench by its own protocol instead.",
)
@option("--list", "list_all", is_flag=True, help="List every false alarm.")
@json_option
@examples(
    "evalctl verify-bench",
    "evalctl verify-bench --split test --json",
    "evalctl verify-bench --processbench gsm8k.json",
)
def verify_bench(*, split: str, processbench: Path | None, list_all: bool, as_json: bool) -> int:
    """Plant faults in right answers, count which are caught.

    The answers are the worked solutions of all shipped problems and labelled ones in which markers
    found nothing wrong. Takes minutes; marks come from computation alone.
    """
    if processbench is not None:
        return _process_bench(processbench, as_json=as_json)
    problems = load_set("core")
    labelled = load_labelled(LABELLED / "development", problems)
    chosen = [one for one in bases(problems, [labelled]) if _wanted(one.problem.id, split)]
    with click.progressbar(chosen, label="answers", file=sys.stderr) as bar:
        reports = run_bench(bar)
    halves = {name: report.to_dict() for name, report in reports.items() if report.bases}
    total = whole(reports.values())
    if as_json:
        document: dict[str, Any] = total.to_dict() | {"splits": halves}
        print_json(document | {"alarms": total.alarms} if list_all else document)
        return 0
    screen = console()
    for name, half in [
        *halves.items(),
        *([("all problems", total.to_dict())] if split == "all" else []),
    ]:
        screen.print(f"[bold]{name}[/bold]")
        for line in bench_lines(half):
            screen.print(line)
        screen.print()
    for alarm in total.alarms if list_all else ():
        click.echo(f"{alarm['problem']} {alarm['answer']} {alarm['mark']}: {alarm['reason']}")
    return 0


def _process_bench(file: Path, *, as_json: bool) -> int:
    solutions, refused = read_solutions(json_rows(file))
    if not solutions:
        raise UsageFault(f"{file} holds no row of ProcessBench: " + "; ".join(refused[:3]))
    constant = majority_label(solutions)
    scores = {
        "computation": protocol_score(solutions, by_computation),
        "majority_label": protocol_score(solutions, lambda _problem, _steps: constant),
    }
    document = {name: score.to_dict() for name, score in scores.items()}
    if as_json:
        print_json(document | {"constant": constant, "published": PUBLISHED, "refused": refused})
        return 0
    for line in protocol_lines(document, PUBLISHED):
        console().print(line)
    if refused:
        click.echo(f"{len(refused)} rows left out, the first: {refused[0]}", err=True)
    return 0


def _wanted(problem_id: str, split: str) -> bool:
    half: Split = split_of(problem_id)
    return split in ("all", half)
