"""``evalctl compare``: say whether B may replace A."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from sqlalchemy import Engine

from comparison.policy import Verdict
from core.counts import counted
from db.judging.judgements import run_judges
from db.runs.run import Run, find_run, run_progress
from orchestrator.cli.examples import examples
from orchestrator.cli.results import require_judge
from orchestrator.comparison.compare import answers_of, compare_sides, keep, load_policy
from orchestrator.comparison.document import document, overall_verdict
from orchestrator.comparison.sides import plan_sides
from orchestrator.connections import connect
from orchestrator.console import console, json_option, print_json, warn
from orchestrator.errors import UsageFault
from reports.tables.comparison import comparison_parts

#: Exit code of a verdict: 1 for a regression, 5 where the data allow none.
CODES = {Verdict.PASS: 0, Verdict.WARN: 0, Verdict.BLOCK: 1, Verdict.INCONCLUSIVE: 5}


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="A [B]")
@click.option("--models", nargs=2, metavar="A B", help="Compare model B with model A.")
@click.option("--prompts", nargs=2, metavar="A B", help="Compare prompt style B with A.")
@click.option("--model", "only", metavar="NAME", help="Of the models in common, only this one.")
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML file with the allowances; without one, the score may drop by 0.5 of 7.",
)
@click.option("--judge", metavar="NAME", help="Compare the scores of rules + this judge.")
@click.option("--flips", is_flag=True, help="Show both answers wherever the final answer flipped.")
@click.option("--force", is_flag=True, help="Compare metrics whose conditions differ, too.")
@click.option("--synthetic", is_flag=True, help="Include synthetic models.")
@json_option
@examples(
    "evalctl compare nightly-1 nightly-2",
    "evalctl compare latest --models qwen3-4b r1-qwen-7b --flips",
    "evalctl compare latest --prompts plain stepwise",
    "evalctl compare main candidate --policy gate.toml --json",
)
def compare(
    *,
    runs: tuple[str, ...],
    models: tuple[str, str] | None,
    prompts: tuple[str, str] | None,
    only: str | None,
    judge: str | None,
    policy_file: Path | None,
    flips: bool,
    force: bool,
    synthetic: bool,
    as_json: bool,
) -> int:
    """Compare two runs, or models or prompts of one run.

    Problems are paired, repetitions averaged first. The verdict looks at the whole 95 % interval:
    pass where it keeps the allowance, block where it is past it, else inconclusive.

    Exit code 0 for pass and warn, 1 for block, 5 for inconclusive.
    """
    if len(runs) > 2:
        raise UsageFault(f"compare takes one run or two, not {len(runs)}")
    policy = load_policy(policy_file)
    with connect(name="compare", synthetic=synthetic) as connections:
        engine = connections.engine
        found = [find_run(engine, run) for run in runs]
        warn(*_unfinished(engine, found))
        if judge is not None:
            for run in found:
                require_judge(run_judges(engine, run.run_id), judge, run.name)
        sides = plan_sides(
            engine, found, models=models or None, prompts=prompts or None, only=only, judge=judge
        )
        compared = [compare_sides(engine, a, b, policy=policy, force=force) for a, b in sides]
        compared = [keep(engine, one) for one in compared]
        answers = None
        if flips:
            answers = {job: row for one in compared for job, row in answers_of(engine, one).items()}
    written = document(compared, answers)
    if as_json:
        print_json(written)
    else:
        for part in comparison_parts(written, flips=flips):
            console().print(part)
    return CODES[overall_verdict(compared)]


def _unfinished(engine: Engine, runs: Sequence[Run]) -> list[str]:
    progress = {run.name: run_progress(engine, run) for run in runs}
    return [
        f"run {name} has not finished: {one.open} of {counted(one.total, 'job')} still open"
        for name, one in progress.items()
        if one.open
    ]
