"""``evalctl verify``: a mark on each step of one answer."""

from __future__ import annotations

import click
from click import option

from core.settings import Settings
from orchestrator.cli.examples import examples
from orchestrator.cli.score import load_problem, read_answer
from orchestrator.cli.verifier_options import deadline_option, parallel_option
from orchestrator.console import console, json_option, print_json, warn
from orchestrator.models.registry import load_registry
from orchestrator.verification.verifier import verify_with_model
from reports.texts.verification import marks_line, marks_table
from scoring.verification.verify import verify_text


@click.command()
@option("--problem", required=True, metavar="ID", help="Id of a shipped problem, or a YAML file.")
@option(
    "--answer", required=True, metavar="FILE", help="File with the answer; - reads standard input."
)
@option("--model", metavar="M", help="Verifier on a server, for steps left undecided.")
@deadline_option
@parallel_option
@option(
    "--language",
    type=click.Choice(["en", "zh"]),
    default="en",
    show_default=True,
    help="Language of the statement that a model is sent.",
)
@json_option
@examples(
    "evalctl verify --problem sec-symmetric-01 --answer answer.txt",
    "evalctl verify --problem sec-symmetric-01 --answer answer.txt --model r1-7b-served",
)
def verify(
    *,
    problem: str,
    answer: str,
    model: str | None,
    deadline_ms: float,
    parallel: int,
    language: str,
    as_json: bool,
) -> int:
    """Check each step of an answer for faults.

    Without the reference path: computation checks each step; a model then judges the steps that
    computation could not decide. A step is consistent, needs a premise that is not stated, is
    wrong, or is unverified. Exits with 1 if a step is wrong, or the answer has no step at all.
    """
    found, text = load_problem(problem), read_answer(answer)
    if model is None:
        made = verify_text(found, text)
    else:
        spec = load_registry(Settings.from_environment()).runnable(model)
        made = verify_with_model(
            found, text, spec, language=language, deadline_ms=deadline_ms, parallel=parallel
        )
    if not made.steps:
        warn("the answer has no step to check")
    if as_json:
        print_json(made.to_dict())
    elif made.steps:
        screen = console()
        screen.print(marks_table(made.steps))
        screen.print(marks_line(made.steps))
    return int(not made.steps or any(step.mark == "wrong" for step in made.steps))
