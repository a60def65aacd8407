"""``evalctl score``: one answer against one problem."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from click import option

from orchestrator.cli.examples import examples
from orchestrator.console import console, json_option, print_json, warn
from orchestrator.errors import UsageFault
from problems.loader import load_file, load_set
from problems.schema import Problem
from reports.texts.answer import (
    CORRECT,
    ShownStep,
    described,
    guess_text,
    marked_text,
    score_range,
    step_lines,
)
from scoring.score import Score, score_text


@click.command()
@option("--problem", required=True, metavar="ID", help="Id of a shipped problem, or a YAML file.")
@option(
    "--answer", required=True, metavar="FILE", help="File with the answer; - reads standard input."
)
@json_option
@examples("evalctl score --problem sec-symmetric-01 --answer answer.txt")
def score(*, problem: str, answer: str, as_json: bool) -> int:
    """Score an answer: steps, result, signs of guessing."""
    found = load_problem(problem)
    text = read_answer(answer)
    if not text.strip():
        warn("the answer is empty")
    scored = score_text(found, text)
    if as_json:
        print_json(scored.to_dict())
    else:
        _print(found, text, scored)
    return 0


def load_problem(reference: str) -> Problem:
    """Return a shipped problem by id, or that of a YAML file."""
    if reference.endswith((".yaml", ".yml")):
        return load_file(Path(reference))
    starter = (one for one in load_set("starter") if one.id == reference)
    return next(starter, None) or load_set("core").get(reference)


def read_answer(answer: str) -> str:
    """Return the text of a file, or of standard input for ``-``. Raise ``UsageFault``."""
    if answer == "-":
        return sys.stdin.read()
    try:
        return Path(answer).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageFault(f"cannot read the answer {answer}: {error.strerror or error}") from error


def _print(problem: Problem, text: str, scored: Score) -> None:
    screen = console()
    said = described(problem, "en")
    steps = [
        ShownStep(
            step_id=step.step_id,
            verdict=step.verdict,
            describe=said[step.step_id],
            start=step.start,
            end=step.end,
            reason=step.reason,
        )
        for step in scored.steps
    ]
    screen.print(marked_text(text.rstrip(), steps, named=not sys.stdout.isatty()))
    screen.print()
    for line in step_lines(steps):
        screen.print(line)
    score = score_range(scored.score7, scored.score7_high)
    shown = f"steps {scored.steps_done}/{scored.steps_total}, score {score} of 7"
    screen.print(f"\n{shown}, final answer {CORRECT[scored.answer_correct]}")
    guess = guess_text(
        suspected=scored.guess_suspected,
        correct=scored.answer_correct,
        score7=scored.score7,
        undetermined=scored.steps_undetermined,
    )
    if guess is not None:
        screen.print(guess)
