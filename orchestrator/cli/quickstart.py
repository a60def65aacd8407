"""``evalctl quickstart``: the whole path on the embedded services, with tiny real models."""

from __future__ import annotations

import click
from click import option

from core.counts import counted
from orchestrator.cli.examples import examples
from orchestrator.console import console, duration
from orchestrator.quickstart import next_commands, run_quickstart

WRITTEN = """\
1. Written answers, no model: 18 problems answered completely, and hastily.
   They went through the real queue and scorer; people can read the difference."""
COMPARED = """\
2. Two tiny models through vLLM on this CPU: easy problems, real times and memory."""


@click.command()
@option(
    "--repetitions",
    type=click.IntRange(1, 100),
    default=2,
    show_default=True,
    help="Repetitions of each problem by the models.",
)
@option(
    "--max-tokens",
    type=click.IntRange(1, 1024),
    default=96,
    show_default=True,
    help="Maximum output tokens.",
)
@examples("evalctl quickstart")
def quickstart(*, repetitions: int, max_tokens: int) -> int:
    """Score written answers, then compare two tiny models.

    Everything from queue to tables is real: Postgres, a Redis-compatible broker, a Celery worker,
    vLLM. The written answers show what scores look like when answers differ; no model made them.
    The models are tiny (135M parameters, in bf16 and rounded to 4 bits) and get easy problems.
    All processes exit with the command; the data stays in EVALCTL_HOME.
    """
    screen = console()
    finished = run_quickstart(screen, repetitions=repetitions, max_tokens=max_tokens)
    for part, title in zip(finished.parts, (WRITTEN, COMPARED), strict=True):
        screen.print(f"\n{title}\n")
        for table in part.tables():
            screen.print(table, "")
        for failure in part.progress.failures:
            what = (
                f"{counted(failure['jobs'], 'job')} {failure['state']} ({failure['error_class']})"
            )
            screen.print(f"{what}: {failure['example']}")
    screen.print(f"finished in {duration(finished.took_s)}; results written to {finished.folder}")
    screen.print("\nTry next (the last one takes some 2 minutes):")
    for command in next_commands(finished.compared.run.name):
        screen.print(f"  {command}", soft_wrap=True)
    succeeded = all(part.progress.state == "succeeded" for part in finished.parts)
    return 0 if succeeded else 1
