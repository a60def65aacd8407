"""``evalctl score``: one answer against one problem."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from click import option
from rich.text import Text

from orchestrator.cli.examples import examples
from orchestrator.console import console, json_option, print_json
from orchestrator.errors import UsageFault
from problems.loader import load_file, load_set
from problems.schema import Problem
from scoring.score import Score, score_text

COLOURS = {
    "done": "green", "present_invalid": "yellow", "wrong": "red", "missing": "bright_black",
    "undetermined": "magenta",
}  # fmt: skip


@click.command()
@option("--problem", required=True, metavar="ID", help="Id of a shipped problem, or a YAML file.")
@option(
    "--answer", required=True, metavar="FILE", help="File with the answer; - reads standard input."
)
@json_option
@examples("evalctl score --problem sec-symmetric-01 --answer answer.txt")
def score(*, problem: str, answer: str, as_json: bool) -> int:
    """Score an answer: its steps, its result and signs of guessing."""
    found = load_problem(problem)
    text = _read(answer)
    scored = score_text(found, text)
    if as_json:
        print_json(scored.to_dict())
    else:
        _print(found, text, scored)
    return 0


def load_problem(reference: str) -> Problem:
    """Return a problem of the shipped set by id, or of a YAML file."""
    if reference.endswith((".yaml", ".yml")):
        return load_file(Path(reference))
    return load_set("core").get(reference)


def _read(answer: str) -> str:
    if answer == "-":
        return sys.stdin.read()
    try:
        return Path(answer).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageFault(f"cannot read the answer {answer}: {error.strerror or error}") from error


def _print(problem: Problem, text: str, scored: Score) -> None:
    screen = console()
    shown = Text(text.rstrip())
    for step in scored.steps:
        if step.start is not None and step.end is not None:
            shown.stylize(f"bold {COLOURS[step.verdict]}", step.start, step.end)
    screen.print(shown)
    screen.print()
    described = {step.id: step.describe for path in problem.paths for step in path.steps}
    for step in scored.steps:
        describe = described[step.step_id]
        what = describe.get("en") or next(iter(describe.values()), "")
        line = f"{step.step_id:<4} {step.verdict:<16} {what}"
        screen.print(Text(line, style=COLOURS[step.verdict]))
    answer = {True: "right", False: "wrong", None: "undecided"}[scored.answer_correct]
    steps = f"steps {scored.steps_done}/{scored.steps_total}"
    screen.print(f"\n{steps}, score {_range(scored)} of 7, final answer {answer}")
    if scored.guess_suspected:
        guess = "guess suspected: a right answer with fewer than half of the steps"
        screen.print(Text(guess, style="bold red"))


def _range(scored: Score) -> str:
    """Return the score, up to what it is if every undetermined step were done."""
    document = scored.to_dict()
    low, high = (f"{document.get(key, scored.score7):.2f}" for key in ("score7", "score7_high"))
    return low if low == high else f"{low}-{high}"
