"""``evalctl submit``: enqueue an experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from core.settings import Settings
from core.states import Mode
from db.fleet import list_workers
from db.runs import find_run
from orchestrator.console import console, json_option, print_json, warn
from orchestrator.experiment import Experiment, make_experiment, read_experiment
from orchestrator.registry import load_registry
from orchestrator.session import open_session
from orchestrator.submit import Outcome, plan, submit_experiment
from orchestrator.watch import follow


@click.command()
@click.option(
    "-f",
    "--file",
    "path",
    type=click.Path(path_type=Path),
    help="Experiment as TOML or YAML; flags override it.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    help="Model of the registry; may be repeated.",
)
@click.option(
    "--problems", metavar="SET", help="Problem set: core, quickstart, a folder or a file."
)
@click.option(
    "--prompt",
    "prompts",
    multiple=True,
    metavar="STYLE",
    help="plain or stepwise; may be repeated.",
)
@click.option(
    "--repetitions",
    type=int,
    help="Repetitions of each problem, each with its own seed.  [default: 3]",
)
@click.option("--name", help="Name of the run; part of what makes it the same run.")
@click.option(
    "--language", type=click.Choice(["en", "zh"]), help="Language of the statements.  [default: en]"
)
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    help="Sequences in flight: latency is one, throughput as many as the engine takes (max_num_seqs).  [default: latency]",
)
@click.option("--seed", type=int, help="Base seed; repetition k uses seed + k.  [default: 0]")
@click.option("--max-tokens", type=int, help="Longest output in tokens.  [default: 2048]")
@click.option("--temperature", type=float, help="Sampling temperature.  [default: 0]")
@click.option("--top-p", type=float, help="Nucleus sampling.  [default: 1]")
@click.option(
    "--fixed-length",
    metavar="IN:OUT",
    help="Speed run: random prompts and outputs of so many tokens, not scored.",
)
@click.option("--priority", type=int, help="Smaller is sooner.  [default: 0]")
@click.option("--max-attempts", type=int, help="Attempts before a job is given up.  [default: 3]")
@click.option(
    "--fresh-engine",
    is_flag=True,
    default=None,
    help="Start an engine for each repetition, models A B, B A and so on.",
)
@click.option("--new", is_flag=True, help="Make another run even where this experiment has one.")
@click.option("--dry-run", is_flag=True, help="Say what would be submitted, and submit nothing.")
@click.option("--watch", is_flag=True, help="Follow the run until it ends.")
@json_option
def submit(
    *, path: Path | None, new: bool, dry_run: bool, watch: bool, as_json: bool, **flags: Any
) -> int:
    """Submit an experiment: models x problems x prompts x repetitions.

    Submitting the same experiment again creates nothing new; with more models, prompts or repetitions it tops the run up.

    \b
    Example:
      evalctl submit --model smollm2 --model smollm2-awq --problems quickstart --watch
      evalctl submit -f experiment.toml --dry-run
    """
    given = {key: value for key, value in flags.items() if value not in (None, ())}
    experiment = read_experiment(path, given) if path else make_experiment(given)
    submission = plan(experiment, load_registry(Settings.from_environment()), new=new)
    if dry_run:
        return _show_plan(experiment, len(submission.problems), as_json=as_json)
    with open_session(broker=True, name="submit") as session:
        outcome = submit_experiment(session.engine, session.broker, submission)
        for warning in outcome.warnings:
            warn(warning)
        if not as_json:
            click.echo(_sentence(outcome))
        if not watch:
            if as_json:
                print_json(outcome.to_dict())
            elif not list_workers(session.engine):
                warn("no worker is running; start one with `evalctl up` or `evalctl worker`")
            return 0
        run = find_run(session.engine, str(outcome.submitted.run_id))
        progress = follow(session.engine, run, console(as_json=as_json))
        if as_json:
            print_json(outcome.to_dict() | {"state": progress.state})
        return 0 if progress.state == "succeeded" else 1


def _sentence(outcome: Outcome) -> str:
    done = outcome.submitted
    run = f"run {done.name} ({done.run_id})"
    if done.new_run:
        return f"{run}: {done.created} jobs submitted"
    if done.created:
        return f"{run} topped up: {done.created} jobs added, {done.existing} were there"
    return f"{run} has all {done.jobs} jobs already; nothing submitted (--new makes another run)"


def _show_plan(experiment: Experiment, problems: int, *, as_json: bool) -> int:
    jobs = len(experiment.models) * problems * len(experiment.prompts) * experiment.repetitions
    if as_json:
        print_json(
            {
                "dry_run": True,
                "jobs": jobs,
                "problems": problems,
                "experiment": experiment.to_dict(),
            }
        )
    else:
        click.echo(
            f"would submit {jobs} jobs: {len(experiment.models)} models x {problems} problems x "
            f"{len(experiment.prompts)} prompts x {experiment.repetitions} repetitions, {experiment.mode} mode"
        )
    return 0
