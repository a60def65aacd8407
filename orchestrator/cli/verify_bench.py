"""``evalctl verify-bench``: the verifier under test."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from click import option
from rich.table import Table
from rich.text import Text

from core.counts import counted
from core.settings import Settings
from orchestrator.cli import INTERRUPTED
from orchestrator.cli.examples import examples
from orchestrator.cli.problems import LABELLED
from orchestrator.cli.verifier_options import deadline_option, parallel_option
from orchestrator.console import console, json_option, print_json, say
from orchestrator.errors import UsageFault
from orchestrator.models.registry import load_registry
from orchestrator.verification.bench import ModelBench, spread
from orchestrator.verification.replies import KeptReplies
from problems.importers.rows import json_rows
from problems.labelling import load_labelled
from problems.loader import load_set
from reports.texts.verification import bench_lines, column_lines, protocol_lines
from scoring.quality.processbench import (
    PUBLISHED,
    alarm_rates,
    computed,
    half_of,
    majority_label,
    protocol_score,
    read_solutions,
)
from scoring.quality.verification_bench import (
    SPLITS,
    Base,
    Split,
    SplitReport,
    bases,
    run_bench,
    split_of,
    whole,
)


@click.command(name="verify-bench")
@option("--model", metavar="M", help="Verifier to put beside computation, on a server.")
@option(
    "--split",
    type=click.Choice([*SPLITS, "all"]),
    default="all",
    show_default=True,
    help="Half of the problems; rules were tuned on development.",
)
@option(
    "--answers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Right answers to take, spread over the problems; else all.",
)
@deadline_option
@parallel_option
@option("--fresh", is_flag=True, help="Ask the model again, and not use its kept replies.")
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
    "evalctl verify-bench --model r1-7b-served --answers 20",
    "evalctl verify-bench --processbench gsm8k.json",
)
def verify_bench(
    *,
    model: str | None,
    split: str,
    answers: int | None,
    deadline_ms: float,
    parallel: int,
    fresh: bool,
    processbench: Path | None,
    list_all: bool,
    as_json: bool,
) -> int:
    """Plant faults in right answers, count which are caught.

    The answers are the worked solutions of all shipped problems and labelled ones in which markers
    found nothing wrong. Computation alone takes minutes. With --model the altered steps and the
    untouched ones go to it as well: its marks alone, behind computation, and beside a constant
    verifier. Its replies are kept, so that the same command goes on where it was interrupted.
    """
    if processbench is not None:
        return _process_bench(processbench, split, as_json=as_json)
    halves: tuple[Split, ...] = SPLITS if split == "all" else (_half(split),)
    chosen = spread([one for one in _bases() if split_of(one.problem.id) in halves], answers)
    if model is None:
        return _computed(chosen, halves, list_all=list_all, as_json=as_json)
    settings = Settings.from_environment()
    spec = load_registry(settings).runnable(model)
    replies = KeptReplies.opened(settings.home, spec, deadline_ms=deadline_ms, parallel=parallel)
    if fresh:
        replies.forget()
    bench = ModelBench(spec=spec, replies=replies, deadline_ms=deadline_ms, parallel=parallel)
    return _with_model(bench, chosen, halves, list_all=list_all, as_json=as_json)


def _bases() -> list[Base]:
    problems = load_set("core")
    return list(bases(problems, [load_labelled(LABELLED / "development", problems)]))


def _computed(
    chosen: Sequence[Base], halves: Sequence[Split], *, list_all: bool, as_json: bool
) -> int:
    with click.progressbar(chosen, label="answers", file=sys.stderr) as bar:
        reports = run_bench(bar)
    shown = {half: reports[half] for half in halves if reports[half].bases}
    total = whole(reports.values())
    if as_json:
        document = total.to_dict() | {
            "splits": {name: report.to_dict() for name, report in shown.items()}
        }
        print_json(document | {"alarms": total.alarms} if list_all else document)
        return 0
    for name, report in shown.items():
        _say_half(name, bench_lines(report.to_dict()))
    if len(shown) > 1:
        _say_half("all problems", bench_lines(total.to_dict()))
    _list_alarms(total if list_all else None)
    return 0


def _with_model(
    bench: ModelBench,
    chosen: Sequence[Base],
    halves: Sequence[Split],
    *,
    list_all: bool,
    as_json: bool,
) -> int:
    interrupted = False
    try:
        with click.progressbar(chosen, label="answers", file=sys.stderr) as bar:
            bench.run(bar)
    except KeyboardInterrupt:
        interrupted = True
    columns = bench.columns.to_dict(halves)
    computed = bench.columns.reports["computation"]
    shown = [half for half in halves if computed[half].bases]
    both = whole(bench.columns.reports["both"][half] for half in halves)
    if as_json:
        document = whole(computed[half] for half in halves).to_dict() | {
            "splits": {half: computed[half].to_dict() for half in shown},
            "model": bench.spec.name,
            "labels_by": bench.replies.labels_by,
            "deadline_ms": bench.deadline_ms,
            "parallel": bench.parallel,
            "interrupted": interrupted,
            "answers_of": len(chosen),
            "columns": columns,
            "column_splits": {half: bench.columns.to_dict([half]) for half in shown},
        }
        print_json(document | {"alarms": both.alarms} if list_all else document)
    else:
        for half in shown if len(shown) > 1 else ():
            _say_half(half, column_lines(bench.columns.to_dict([half]), bench.spec.name))
        name = "all problems" if len(shown) > 1 else next(iter(shown), "no answer")
        _say_half(name, column_lines(columns, bench.spec.name))
        _list_alarms(both if list_all else None)
    if interrupted:
        say(
            f"interrupted after {bench.answers} of {len(chosen)} answers; the model's replies are "
            "kept: the same command goes on",
            err=True,
        )
        return INTERRUPTED
    return 0


def _say_half(name: str, lines: Iterable[Table | str]) -> None:
    screen = console()
    screen.print(Text(name, style="bold"))
    for line in lines:
        screen.print(line)
    screen.print()


def _list_alarms(report: SplitReport | None) -> None:
    for alarm in report.alarms if report is not None else ():
        say(f"{alarm['problem']} {alarm['answer']} {alarm['mark']}: {alarm['reason']}")


def _process_bench(file: Path, split: str, *, as_json: bool) -> int:
    found, refused = read_solutions(json_rows(file))
    solutions = [one for one in found if split in ("all", half_of(one.problem))]
    if not solutions:
        raise UsageFault(f"{file} holds no row of ProcessBench: " + "; ".join(refused[:3]))
    constant = majority_label(solutions)
    with click.progressbar(solutions, label="solutions", file=sys.stderr) as bar:
        rows = [computed(one) for one in bar]
    predicted = iter([one.predicted for one in rows])
    own = protocol_score(solutions, lambda _problem, _steps: next(predicted)).to_dict()
    always = protocol_score(solutions, lambda _problem, _steps: constant).to_dict()
    document = {"computation": own | alarm_rates(rows), "majority_label": always}
    if as_json:
        said = {"constant": constant, "published": PUBLISHED, "refused": refused, "split": split}
        print_json(document | said)
        return 0
    for line in protocol_lines(document, PUBLISHED):
        console().print(line)
    if refused:
        say(f"{counted(len(refused), 'row')} left out, the first: {refused[0]}", err=True)
    return 0


def _half(name: str) -> Split:
    return "test" if name == "test" else "development"
