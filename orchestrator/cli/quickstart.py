"""``evalctl quickstart``: the whole path on the embedded services, with tiny real models."""

from __future__ import annotations

import click
from click import option

from orchestrator.cli.examples import examples
from orchestrator.console import console, duration
from orchestrator.quickstart import run_quickstart
from reports.result_document import result_document
from reports.tables import result_tables


@click.command()
@option(
    "--repetitions",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="Repetitions of each problem.",
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
    """Compare two tiny models on 6 problems, on this machine's CPU.

    Everything from queue to tables is real: Postgres, a Redis-compatible broker, a Celery worker,
    vLLM. The models are tiny (135M parameters, in bf16 and rounded to 4 bits), so expect low
    scores. All processes exit with the command; the data stays in EVALCTL_HOME.
    """
    screen = console()
    finished = run_quickstart(screen, repetitions=repetitions, max_tokens=max_tokens)
    for table in result_tables(result_document(finished.results)):
        screen.print(table)
    screen.print(f"finished in {duration(finished.took_s)}; results written to {finished.folder}")
    for failure in finished.progress.failures:
        what = f"{failure['jobs']} jobs {failure['state']} ({failure['error_class']})"
        screen.print(f"{what}: {failure['example']}")
    screen.print("\nTry next:")
    for command in _next_commands(finished.run.name):
        screen.print(f"  {command}", soft_wrap=True)
    return 0 if finished.progress.state == "succeeded" else 1


def _next_commands(run: str) -> tuple[str, str, str]:
    columns, scores = "problem, repetition, score7, guess_suspected", "analytics_v1.scores"
    query = f"\"SELECT {columns} FROM {scores} WHERE run = '{run}'\""  # noqa: S608 - printed
    return (
        f"evalctl report {run} -o report.html",
        f"evalctl db shell -- -c {query}",
        (
            "evalctl up && evalctl submit --model smollm2 --problems quickstart --prompt "
            "plain --prompt stepwise --watch"
        ),
    )
