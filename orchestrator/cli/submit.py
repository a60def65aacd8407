"""``evalctl submit``: enqueue an experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click import option

from core.settings import Settings
from core.states import Mode
from db.fleet import list_workers
from db.runs import find_run
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import console, json_option, print_json, warn
from orchestrator.experiment import Experiment, make_experiment, read_experiment
from orchestrator.registry import load_registry
from orchestrator.submit import Outcome, plan, submit_experiment
from orchestrator.watch import follow


@click.command()
@option(
    "-f",
    "--file",
    "path",
    type=click.Path(path_type=Path),
    help="Experiment file in TOML or YAML; flags override it.",
)
@option(
    "--model", "models", multiple=True, metavar="NAME", help="Registered model; may be repeated."
)
@option("--problems", metavar="SET", help="Problem set: core, quickstart, a folder or a file.")
@option(
    "--prompt",
    "prompts",
    multiple=True,
    metavar="STYLE",
    help="Prompt style: plain or stepwise; may be repeated.",
)
@option(
    "--repetitions",
    type=int,
    help="Repetitions of each problem, each with its own seed.  [default: 3]",
)
@option("--name", help="Name of the run. The same experiment under another name is another run.")
@option(
    "--language", type=click.Choice(["en", "zh"]), help="Language of the statements.  [default: en]"
)
@option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    help=(
        "latency: one sequence in flight; throughput: as many as the engine takes "
        "(max_num_seqs).  [default: latency]"
    ),
)
@option("--seed", type=int, help="Base seed; repetition k uses seed + k.  [default: 0]")
@option("--max-tokens", type=int, help="Maximum output tokens.  [default: 2048]")
@option("--temperature", type=float, help="Sampling temperature.  [default: 0]")
@option("--top-p", type=float, help="Nucleus sampling threshold.  [default: 1]")
@option(
    "--fixed-length",
    metavar="IN:OUT",
    help="Speed run: random prompts and outputs of exactly these lengths in tokens; not scored.",
)
@option("--priority", type=int, help="Lower runs sooner.  [default: 0]")
@option("--max-attempts", type=int, help="Attempts before a job is marked dead.  [default: 3]")
@option(
    "--fresh-engine",
    is_flag=True,
    default=None,
    help=(
        "Start a new engine for each repetition, reversing the order of the models every "
        "time (A B, B A)."
    ),
)
@option("--new", is_flag=True, help="Start a new run even if this experiment already has one.")
@option("--dry-run", is_flag=True, help="Show what would be submitted, without submitting it.")
@option("--watch", is_flag=True, help="Follow the run until it ends.")
@json_option
@examples(
    "evalctl submit --model smollm2 --problems quickstart --watch",
    "evalctl submit -f experiment.toml --dry-run",
)
def submit(
    *, path: Path | None, new: bool, dry_run: bool, watch: bool, as_json: bool, **flags: Any
) -> int:
    """Submit an experiment: models x problems x prompts x repetitions.

    Submitting the same experiment again adds nothing; with more models, prompts or repetitions it
    tops up the run.
    """
    given = {key: value for key, value in flags.items() if value not in (None, ())}
    experiment = read_experiment(path, given) if path else make_experiment(given)
    submission = plan(experiment, load_registry(Settings.from_environment()), new=new)
    if dry_run:
        return _show_plan(experiment, len(submission.problems), as_json=as_json)
    with connect(broker=True, name="submit") as connections:
        outcome = submit_experiment(connections.engine, connections.broker, submission)
        warn(*outcome.warnings)
        if not as_json:
            click.echo(_sentence(outcome))
        if not watch:
            if as_json:
                print_json(outcome.to_dict())
            elif not list_workers(connections.engine):
                warn("no worker is running; start one with `evalctl up` or `evalctl worker`")
            return 0
        run = find_run(connections.engine, str(outcome.submitted.run_id))
        progress = follow(connections.engine, run, console(as_json=as_json))
        if as_json:
            print_json(outcome.to_dict() | {"state": progress.state})
        return 0 if progress.state == "succeeded" else 1


def _sentence(outcome: Outcome) -> str:
    done = outcome.submitted
    run = f"run {done.name} ({done.run_id})"
    if done.new_run:
        return f"{run}: {done.created} jobs submitted"
    if done.created:
        return f"{run} topped up: {done.created} jobs added to {done.existing}"
    unchanged = "nothing submitted (use --new to start a new run)"
    return f"{run} already has all {done.jobs} jobs; {unchanged}"


def _show_plan(experiment: Experiment, problems: int, *, as_json: bool) -> int:
    jobs = len(experiment.models) * problems * len(experiment.prompts) * experiment.repetitions
    if as_json:
        planned = {"dry_run": True, "jobs": jobs, "problems": problems}
        print_json(planned | {"experiment": experiment.to_dict()})
    else:
        models, prompts = len(experiment.models), len(experiment.prompts)
        factors = f"{models} models x {problems} problems x {prompts} prompts"
        repeated = f"{experiment.repetitions} repetitions, {experiment.mode} mode"
        click.echo(f"would submit {jobs} jobs: {factors} x {repeated}")
    return 0
