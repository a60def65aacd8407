"""``evalctl pipeline``: drafts, each verified as soon as it is committed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click
from click import option

from core.counts import counted
from core.settings import Settings
from db.runs.run import find_run
from db.verification.reading import read_verification, verified_drafts
from orchestrator.cli.default_group import DefaultGroup
from orchestrator.cli.examples import examples
from orchestrator.cli.numbers import whole
from orchestrator.cli.queued import end_with
from orchestrator.cli.submit import shared_options
from orchestrator.connections import connect
from orchestrator.console import console, json_option, print_json, say
from orchestrator.models.check import unreachable
from orchestrator.models.registry import load_registry
from orchestrator.runs.experiment import make_experiment
from orchestrator.runs.submit import Outcome, submit_experiment
from orchestrator.verification.pipeline import (
    own_drafts_warning,
    plan_pipeline,
    shown_verification,
)
from orchestrator.verification.verifier import DEADLINE_MS
from reports.tables.verification import drafts_table
from reports.texts.pipeline import verification_parts


@click.group(cls=DefaultGroup, default="submit")
@examples(
    "evalctl pipeline --draft smollm2 --verify smollm2-rounded --set quickstart",
    "evalctl pipeline show 12",
)
def pipeline() -> None:
    """Draft with one model, verify with another.

    `evalctl pipeline --draft A --verify B` is short for `evalctl pipeline submit --draft A
    --verify B`, whose --help lists the options.
    """


@pipeline.command()
@option("--draft", "drafter", required=True, metavar="NAME", help="Model that writes the drafts.")
@option("--verify", "verifier", required=True, metavar="NAME", help="Model that marks their steps.")
@option(
    "--deadline-ms",
    type=click.FloatRange(min=1),
    default=DEADLINE_MS,
    show_default=True,
    help="Time for a verdict on a step; then it stays unverified.",
)
@shared_options(problems="--set", repetitions="--reps")
@option("--new", is_flag=True, help="Start a new run even if this pipeline already has one.")
@option("--watch", is_flag=True, help="Follow the run until it ends.")
@json_option
@examples(
    "evalctl pipeline --draft smollm2 --verify smollm2-rounded --reps 1 --watch",
    "evalctl pipeline --draft qwen3-4b --verify r1-7b-served --set core --reps 3",
)
def submit(
    *,
    drafter: str,
    verifier: str,
    deadline_ms: float,
    new: bool,
    watch: bool,
    as_json: bool,
    **flags: Any,
) -> int:
    """Queue drafts, each verified once it is committed.

    Computation marks each step first; the verifier then marks the steps that computation could not
    decide. The same pipeline again adds nothing; more prompts or repetitions top it up.
    """
    given = {key: value for key, value in flags.items() if value not in (None, ())}
    experiment = make_experiment(given | {"models": [drafter]})
    submission = plan_pipeline(
        experiment,
        load_registry(Settings.from_environment()),
        verifier=verifier,
        deadline_ms=deadline_ms,
        new=new,
    )
    assert submission.pipeline is not None
    away = unreachable((*submission.models, submission.pipeline.verifier))
    with connect(broker=True, name="pipeline") as connections:
        outcome = submit_experiment(connections.engine, connections.broker, submission)
        said = (*outcome.warnings, *own_drafts_warning(submission), *away)
        code = end_with(
            connections,
            replace(outcome, warnings=said),
            _sentence(outcome, drafter, verifier),
            watch=watch,
            as_json=as_json,
            more={"draft": drafter, "verifier": verifier},
        )
    if watch and not as_json:
        name = outcome.submitted.name
        say(f"`evalctl pipeline drafts {name}` lists the drafts with their marks")
    return code


@pipeline.command()
@click.argument("run", default="latest")
@json_option
@examples("evalctl pipeline drafts", "evalctl pipeline drafts latest --json")
def drafts(*, run: str, as_json: bool) -> int:
    """List the verified drafts of RUN with their marks."""
    with connect(name="pipeline drafts", synthetic=True) as connections:
        found = find_run(connections.engine, run)
        lines = verified_drafts(connections.engine, found.run_id)
    if as_json:
        print_json({"run": str(found.run_id), "name": found.name, "drafts": lines})
    elif lines:
        console().print(drafts_table(lines))
        say("`evalctl pipeline show JOB` prints one whole solution with its marks")
    else:
        say(f"run {found.name} has no draft that is verified")
    return 0


@pipeline.command()
@click.argument("job", type=whole(1))
@json_option
@examples("evalctl pipeline show 12", "evalctl pipeline show 12 --json")
def show(*, job: int, as_json: bool) -> int:
    """Print a whole solution with its marks.

    JOB is the draft's or the verification's. Exit code 5 while the draft is not verified.
    """
    with connect(name="pipeline show", synthetic=True) as connections:
        found = read_verification(connections.engine, job)
    document = shown_verification(found)
    if as_json:
        print_json(document)
    else:
        for part in verification_parts(document):
            console().print(part)
    return 0 if found.document is not None else 5


def _sentence(outcome: Outcome, drafter: str, verifier: str) -> str:
    done = outcome.submitted
    run = f"run {done.name} ({done.run_id})"
    if not done.created:
        drafts = counted(done.jobs, "draft")
        return f"{run} already has all {drafts}; nothing submitted (--new starts again)"
    drafts = counted(done.created, "draft")
    return f"{run}: {drafts} of {drafter} submitted; {verifier} verifies each"
