"""``evalctl problems``: the problem sets."""

from __future__ import annotations

from collections import Counter

import click
from rich.table import Table

from orchestrator.cli.output import console, json_option, print_json
from orchestrator.cli.score import load_problem
from problems.loader import load_set


@click.group()
def problems() -> None:
    """List and show problems.

    \b
    Example:
      evalctl problems list
    """


@problems.command(name="list")
@click.argument("problem_set", metavar="SET", default="core")
@json_option
def list_problems(*, problem_set: str, as_json: bool) -> int:
    """List the problems of a set: core, quickstart, a folder or a file.

    \b
    Example:
      evalctl problems list quickstart
    """
    loaded = load_set(problem_set)
    if as_json:
        rows = [
            {
                "id": p.id,
                "category": p.level,
                "difficulty": p.difficulty,
                "topics": list(p.topics),
                "steps": len(p.paths[0].steps),
            }
            for p in loaded
        ]
        print_json({"set": loaded.name, "content_hash": loaded.content_hash, "problems": rows})
        return 0
    table = Table("id", "category", "difficulty", "steps", "topics")
    for problem in loaded:
        steps = "/".join(str(len(path.steps)) for path in problem.paths)
        table.add_row(problem.id, problem.level, str(problem.difficulty), steps, ", ".join(problem.topics))
    console().print(table)
    counts = Counter(problem.level for problem in loaded)
    click.echo(f"{len(loaded)} problems: {', '.join(f'{count} {level}' for level, count in counts.items())}")
    return 0


@problems.command()
@click.argument("problem", metavar="ID")
@click.option("--language", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@json_option
def show(*, problem: str, language: str, as_json: bool) -> int:
    """Show a problem: statement, reference steps, answer.

    \b
    Example:
      evalctl problems show sec-symmetric-01
    """
    found = load_problem(problem)
    if as_json:
        print_json(found.to_dict() | {"content_hash": found.content_hash})
        return 0
    screen = console()
    screen.print(f"[bold]{found.id}[/] ({found.level}, difficulty {found.difficulty})\n", highlight=False)
    screen.print(found.statement.get(language) or next(iter(found.statement.values())), markup=False)
    for path in found.paths:
        screen.print(f"reference path {path.id}:")
        for step in path.steps:
            screen.print(
                f"  {step.id}  {step.describe.get(language) or next(iter(step.describe.values()))}", markup=False
            )
    screen.print(f"answer: {' or '.join(found.answer.any_of)}", markup=False)
    return 0
