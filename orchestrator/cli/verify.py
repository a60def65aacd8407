"""``evalctl verify``: a mark on each step of one answer."""

from __future__ import annotations

import click
from click import option

from orchestrator.cli.examples import examples
from orchestrator.cli.score import load_problem, read_answer
from orchestrator.console import console, json_option, print_json
from reports.verification_text import counted, marks_table
from scoring.verification.verify import verify_text


@click.command()
@option("--problem", required=True, metavar="ID", help="Id of a shipped problem, or a YAML file.")
@option(
    "--answer", required=True, metavar="FILE", help="File with the answer; - reads standard input."
)
@json_option
@examples("evalctl verify --problem sec-symmetric-01 --answer answer.txt")
def verify(*, problem: str, answer: str, as_json: bool) -> int:
    """Check each step of an answer by computation.

    A step is consistent, needs a premise that is not stated, is wrong, or is unverified. Exits with
    1 if a step is wrong.
    """
    made = verify_text(load_problem(problem), read_answer(answer))
    if as_json:
        print_json(made.to_dict())
    else:
        screen = console()
        screen.print(marks_table(made.steps))
        screen.print(counted(made.steps))
    return int(any(step.mark == "wrong" for step in made.steps))
