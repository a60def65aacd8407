"""``evalctl submit``: enqueue an experiment."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click
from click import option

from core.counts import counted
from core.settings import Settings
from core.states import Mode
from db.runs.submissions import Submission
from orchestrator.cli.examples import examples
from orchestrator.cli.queued import end_with
from orchestrator.connections import connect
from orchestrator.console import console, json_option, print_json, say, warn
from orchestrator.models.check import unreachable
from orchestrator.models.registry import load_registry
from orchestrator.runs.experiment import Experiment, make_experiment, read_experiment
from orchestrator.runs.submit import Outcome, plan, submission_warnings, submit_experiment
from orchestrator.spending.earlier import estimate_or_why
from orchestrator.spending.estimate import budget_warnings, estimate
from reports.results.sampling import sampling_text
from reports.texts.estimate import estimate_parts

Function = TypeVar("Function", bound=Callable[..., Any])


def sampling_options(command: Function) -> Function:
    """Add what an experiment may say of sampling; what it does not say is the model's."""
    for decorate in reversed(
        (
            option("--max-tokens", type=int, help="Maximum output tokens, for all models."),
            option("--temperature", type=float, help="Sampling temperature, for all models."),
            option("--top-p", type=float, help="Nucleus sampling threshold, for all models."),
            option("--top-k", type=int, help="Most likely tokens to draw from, for all models."),
            option("--min-p", type=float, help="Least share of the likeliest token's probability."),
            option("--presence-penalty", type=float, help="Penalty on tokens that came before."),
            option("--stop", multiple=True, metavar="TEXT", help="End an answer at this text."),
            option(
                "--same-sampling",
                is_flag=True,
                default=None,
                help=(
                    "One setting for all models: what is named here, otherwise greedy with 2048 "
                    "tokens, whatever the registry recommends."
                ),
            ),
        )
    ):
        command = decorate(command)
    return command


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
@option(
    "--problems",
    metavar="SET",
    help="core, quickstart, a folder, a file, a category, or problem ids with commas between.",
)
@option(
    "--prompt",
    "prompts",
    multiple=True,
    metavar="STYLE",
    help="Prompt style, or a path to an own .toml file; may be repeated.",
)
@option(
    "--wordings",
    type=int,
    help="Use this many wordings of each prompt style.  [default: 1]",
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
@sampling_options
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
@option(
    "--budget-gpu-hours",
    type=float,
    metavar="N",
    help="Pause the run before it takes more GPU hours than this.",
)
@option("--new", is_flag=True, help="Start a new run even if this experiment already has one.")
@option(
    "--dry-run",
    is_flag=True,
    help=(
        "Show what would be submitted, and the GPU hours and cost to expect from earlier results; "
        "submit nothing."
    ),
)
@option("--watch", is_flag=True, help="Follow the run until it ends.")
@json_option
@examples(
    "evalctl submit --model smollm2 --problems quickstart --watch",
    "evalctl submit --model smollm2 --problems university,sec-symmetric-01",
    "evalctl submit -f experiment.toml --dry-run",
    "evalctl submit -f experiment.toml --budget-gpu-hours 4",
)
def submit(
    *, path: Path | None, new: bool, dry_run: bool, watch: bool, as_json: bool, **flags: Any
) -> int:
    """Submit models x problems x prompts x repetitions.

    Submitting the same experiment again adds nothing; with more models, prompts or repetitions it
    tops up the run. A run that was cancelled takes no more jobs: --new starts another.
    """
    given = {key: value for key, value in flags.items() if value not in (None, ())}
    experiment = read_experiment(path, given) if path else make_experiment(given)
    settings = Settings.from_environment()
    submission = plan(experiment, load_registry(settings), new=new)
    if dry_run:
        found = estimate_or_why(settings, submission)
        warn(*submission_warnings(submission), *budget_warnings(submission, found))
        return _show_plan(experiment, submission, found.to_dict(), as_json=as_json)
    away = unreachable(submission.models)
    with connect(broker=True, name="submit") as connections:
        if submission.budget_gpu_hours is not None:
            away = (*away, *budget_warnings(submission, estimate(connections.engine, submission)))
        outcome = submit_experiment(connections.engine, connections.broker, submission)
        outcome = replace(outcome, warnings=(*outcome.warnings, *away))
        return end_with(connections, outcome, _sentence(outcome), watch=watch, as_json=as_json)


#: Options that any run of prompts has.
_SHARED = (
    "problems", "prompts", "wordings", "repetitions", "name", "language", "mode", "seed",
    "max_tokens", "temperature", "top_p", "top_k", "min_p", "presence_penalty", "stop",
    "same_sampling", "priority", "max_attempts",
)  # fmt: skip


def shared_options(**others: str) -> Callable[[Function], Function]:
    """Add the options of ``submit`` that any run of prompts has; ``others`` are second names."""

    def decorate(command: Function) -> Function:
        known = {parameter.name: parameter for parameter in submit.params}
        for name in reversed(_SHARED):
            parameter = copy(known[name])
            parameter.opts = [*parameter.opts, *([others[name]] if name in others else [])]
            # As Click's decorators keep them until the command is made.
            command.__dict__.setdefault("__click_params__", []).append(parameter)
        return command

    return decorate


def _sentence(outcome: Outcome) -> str:
    done = outcome.submitted
    run = f"run {done.name} ({done.run_id})"
    if done.new_run:
        return f"{run}: {counted(done.created, 'job')} submitted"
    if done.created:
        return f"{run} topped up: {counted(done.created, 'job')} added to {done.existing}"
    unchanged = "nothing submitted (use --new to start a new run)"
    return f"{run} already has all {counted(done.jobs, 'job')}; {unchanged}"


def _show_plan(
    experiment: Experiment, submission: Submission, expected: dict[str, Any], *, as_json: bool
) -> int:
    problems = len(submission.problems)
    jobs = submission.jobs
    if as_json:
        planned = {"dry_run": True, "jobs": jobs, "problems": problems}
        samplings = {name: one.to_dict() for name, one in submission.samplings.items()}
        plan = {"experiment": experiment.to_dict(), "sampling": samplings}
        print_json(planned | plan | {"estimate": expected})
    else:
        models, prompts = len(submission.models), len(submission.prompts)
        sizes = {"model": models, "problem": problems, "prompt": prompts}
        sizes["repetition"] = experiment.repetitions
        factors = " x ".join(counted(count, noun) for noun, count in sizes.items())
        say(f"would submit {counted(jobs, 'job')}: {factors}, {experiment.mode} mode")
        for name, sampling in submission.samplings.items():
            say(f"  {name}: {sampling_text(sampling.to_dict())}")
        for part in estimate_parts(expected):
            if isinstance(part, str):
                say(part)
            else:
                console().print(part)
    return 0
