"""``evalctl verify-bench``: the verifier under test."""

from __future__ import annotations

import sys
from typing import Any

import click
from click import option

from orchestrator.cli.examples import examples
from orchestrator.cli.problems import LABELLED
from orchestrator.console import console, json_option, print_json
from problems.labelling import load_labelled
from problems.loader import load_set
from reports.verification_text import bench_lines
from scoring.quality.verification_bench import SPLITS, Split, bases, run_bench, split_of, whole


@click.command(name="verify-bench")
@option(
    "--split",
    type=click.Choice([*SPLITS, "all"]),
    default="all",
    show_default=True,
    help="Half of the problems: the rules were tuned on development alone.",
)
@option("--list", "list_all", is_flag=True, help="List every false alarm.")
@json_option
@examples("evalctl verify-bench", "evalctl verify-bench --split test --json")
def verify_bench(*, split: str, list_all: bool, as_json: bool) -> int:
    """Plant faults in right answers, count which are caught.

    The answers are the worked solutions of all shipped problems and labelled ones in which markers
    found nothing wrong. Takes minutes; marks come from computation alone.
    """
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


def _wanted(problem_id: str, split: str) -> bool:
    half: Split = split_of(problem_id)
    return split in ("all", half)
