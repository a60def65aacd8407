"""``evalctl review``: people read steps, and their verdicts are appended."""

from __future__ import annotations

import json
from pathlib import Path

import click

from core.counts import counted
from db.runs.run import find_run
from orchestrator.cli.default_group import DefaultGroup
from orchestrator.cli.examples import examples
from orchestrator.cli.files import opened, out_option, read_lines
from orchestrator.cli.numbers import whole
from orchestrator.connections import connect
from orchestrator.console import json_option, print_json, say
from orchestrator.errors import UsageFault
from orchestrator.judging.review import import_reviews, sampled_steps


@click.group(cls=DefaultGroup, default="export")
@examples(
    "evalctl review latest --sample 60 -o steps.jsonl",
    "evalctl review import steps.jsonl --reviewer ada",
)
def review() -> None:
    """Let people read steps, and append their verdicts.

    `evalctl review RUN --sample 60` is short for `evalctl review export RUN --sample 60`.
    """


@review.command()
@click.argument("run")
@click.option(
    "--sample",
    "number",
    type=whole(1),
    default=60,
    show_default=True,
    help="Number of steps.",
)
@click.option(
    "--seed", type=whole(), default=0, show_default=True, help="Seed of the random sample."
)
@click.option(
    "--uncertain",
    is_flag=True,
    help="Undetermined steps first, then missing ones; no estimate can be made of these.",
)
@out_option
@json_option
@examples(
    "evalctl review export latest --sample 60 -o steps.jsonl",
    "evalctl review latest --uncertain --sample 20 -o steps.jsonl",
)
def export(
    *, run: str, number: int, seed: int, uncertain: bool, out: Path | None, as_json: bool
) -> int:
    """Write a random sample of steps for a reviewer.

    Each line has the statement, the step, the answer and an empty verdict: fill in done,
    present_invalid, wrong, missing or unclear, and a reason if you like. Neither the model nor a
    verdict is shown.
    """
    if as_json and out is None:
        raise UsageFault("--json needs -o FILE: standard output cannot hold both")
    with connect(name="review", synthetic=True) as connections:
        found = find_run(connections.engine, run)
        lines = list(
            sampled_steps(connections.engine, found, number=number, seed=seed, uncertain=uncertain)
        )
    with opened(out) as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    if as_json:
        head = {"run": str(found.run_id), "name": found.name, "file": str(out)}
        print_json(head | {"steps": len(lines), "seed": seed, "uncertain": uncertain})
    else:
        answers = len({line["score"] for line in lines})
        say(
            f"run {found.name}: {counted(len(lines), 'step')} of {counted(answers, 'answer')}",
            err=out is None,
        )
    return 0 if lines else 1


@review.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--reviewer", required=True, metavar="NAME", help="Who gave the verdicts.")
@json_option
@examples(
    "evalctl review import steps.jsonl --reviewer ada",
)
def import_(*, file: Path, reviewer: str, as_json: bool) -> int:
    """Append the verdicts of a reviewed file.

    Nothing is overwritten: a changed mind is another row, and the newest counts. Lines without a
    verdict are skipped. Exit code 1 if a line cannot be used.
    """
    if not reviewer.strip():
        raise UsageFault("--reviewer needs a name")
    with connect(name="review import") as connections:
        done = import_reviews(connections.engine, read_lines(file), reviewer=reviewer.strip())
    if as_json:
        print_json({"reviewer": reviewer.strip()} | done.to_dict())
    else:
        for refusal in done.refused:
            say(f"line {refusal.line}: {refusal.reason}", err=True)
        say(
            f"{done.added} reviews of {reviewer} added, {done.verdicts - done.added} already "
            f"stored; {counted(done.empty, 'line')} without a verdict, "
            f"{counted(len(done.refused), 'line')} refused"
        )
    return 1 if done.refused else 0
