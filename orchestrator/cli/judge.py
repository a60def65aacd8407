"""``evalctl judge``: a second reader for the steps that the rules did not find."""

from __future__ import annotations

from pathlib import Path

import click

from core.counts import counted
from core.settings import Settings
from db.runs.run import find_run
from orchestrator.cli.default_group import DefaultGroup
from orchestrator.cli.examples import examples
from orchestrator.cli.files import read_lines
from orchestrator.cli.judging.agreement import agreement
from orchestrator.cli.judging.export import export, warn_unreadable
from orchestrator.cli.judging.options import check_done_option, retry_option
from orchestrator.cli.numbers import whole
from orchestrator.cli.queued import end_with
from orchestrator.connections import connect
from orchestrator.console import json_option, print_json, say, warn
from orchestrator.judging.judge import (
    Questions,
    Selection,
    import_replies,
    plan_judging,
    plan_questions,
    refuse_own_answers,
)
from orchestrator.models.registry import load_registry
from orchestrator.runs.submit import Outcome, submit_experiment

#: Unusable steps that are printed for people; --json has all.
SHOWN_AT_MOST = 20


@click.group(cls=DefaultGroup, default="submit")
@examples(
    "evalctl judge latest --judge qwen3-4b --watch",
    "evalctl judge export latest -o requests.jsonl",
)
def judge() -> None:
    """Ask a judge about steps that the rules did not find.

    `evalctl judge RUN --judge MODEL` is short for `evalctl judge submit RUN --judge MODEL`.
    """


judge.add_command(export)
judge.add_command(agreement)


@judge.command()
@click.argument("run")
@click.option(
    "--judge", "judge_name", required=True, metavar="MODEL", help="Registered model that judges."
)
@check_done_option
@retry_option
@click.option(
    "--max-tokens",
    type=whole(1),
    default=4096,
    show_default=True,
    help="Maximum output tokens of a reply.",
)
@click.option("--force", is_flag=True, help="Let a model judge its own answers.")
@click.option("--new", is_flag=True, help="Ask everything again in a new run.")
@click.option("--watch", is_flag=True, help="Follow the judge's run until it ends.")
@json_option
@examples(
    "evalctl judge submit latest --judge qwen3-4b --watch",
    "evalctl judge latest --judge qwen3-4b --check-done",
)
def submit(
    *,
    run: str,
    judge_name: str,
    check_done: bool,
    retry_unscored: bool,
    max_tokens: int,
    force: bool,
    new: bool,
    watch: bool,
    as_json: bool,
) -> int:
    """Queue a request to a judge for each answer of a run.

    The requests are jobs of a run of the judge, which `status`, `watch`, `cancel`, `dead` and
    `retry` take as any other. No request is queued twice, so a second call adds only what is new.
    """
    spec = load_registry(Settings.from_environment()).runnable(judge_name)
    selection = Selection(check_done=check_done, retry_unscored=retry_unscored, judge=judge_name)
    with connect(broker=True, name="judge") as connections:
        found = find_run(connections.engine, run)
        if not force:
            refuse_own_answers(connections.engine, found, spec)
        planned = plan_questions(connections.engine, found, selection)
        warn_unreadable(planned)
        if not planned.questions:
            return _report_nothing(found.name, planned, as_json=as_json)
        submission = plan_judging(
            found,
            spec,
            planned.questions,
            max_tokens=max_tokens,
            new=new,
            again=retry_unscored,
        )
        outcome = submit_experiment(connections.engine, connections.broker, submission)
        return end_with(
            connections,
            outcome,
            _sentence(outcome, found.name, judge_name),
            watch=watch,
            as_json=as_json,
            more={"judged_run": str(found.run_id), "judge": judge_name},
        )


@judge.command(name="import")
@click.argument("run")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--judge", "judge_name", required=True, metavar="NAME", help="Name to store the replies under."
)
@json_option
@examples(
    "evalctl judge import latest replies.jsonl --judge gpt-5",
)
def import_(*, run: str, file: Path, judge_name: str, as_json: bool) -> int:
    """Read a judge's replies from a file.

    FILE is the output of a batch of `evalctl judge export`, or has lines with custom_id and
    content. Importing it again adds nothing. Exit code 1 if a line holds no reply.
    """
    with connect(name="judge import") as connections:
        found = find_run(connections.engine, run)
        done = import_replies(connections.engine, found, read_lines(file), judge=judge_name.strip())
    if as_json:
        print_json(
            {"run": str(found.run_id), "name": found.name, "judge": judge_name} | done.to_dict()
        )
    else:
        for refusal in done.refused:
            say(f"line {refusal.line}: {refusal.reason}", err=True)
        for one in done.unusable[:SHOWN_AT_MOST]:
            say(f"line {one['line']}, step {one['step']}: {one['reason']}", err=True)
        if len(done.unusable) > SHOWN_AT_MOST:
            say(f"... and {len(done.unusable) - SHOWN_AT_MOST} more", err=True)
        say(
            f"run {found.name}: {counted(done.added, 'judgement')} of {judge_name} added, "
            f"{done.replies - done.added} already stored; {counted(done.judged, 'step')} judged, "
            f"{len(done.unusable)} without a usable verdict, "
            f"{counted(len(done.refused), 'line')} refused"
        )
        if done.superseded:
            replies = counted(done.superseded, "reply", "replies")
            warn(
                f"left out {replies} about scorings that were replaced; export again to judge the "
                "new ones"
            )
    return 1 if done.refused or not done.replies else 0


def _report_nothing(run: str, planned: Questions, *, as_json: bool) -> int:
    if as_json:
        print_json({"run": None, "jobs": 0, "answers": planned.answers})
    else:
        say(f"run {run}: nothing to ask about {planned.answers} scored answers")
    return 0


def _sentence(outcome: Outcome, judged: str, judge_name: str) -> str:
    done = outcome.submitted
    run = f"run {done.name} ({done.run_id})"
    if not done.created:
        return f"{run} already has all {counted(done.jobs, 'request')}; nothing submitted"
    requests = counted(done.created, "request")
    return f"{run}: {requests} to {judge_name} about answers of {judged} submitted"
