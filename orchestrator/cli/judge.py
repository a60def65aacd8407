"""``evalctl judge``: a second reader for the steps that the rules did not find."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from core.settings import Settings
from db.judging.judgements import run_judges
from db.runs.run import find_run
from orchestrator.cli.default_group import DefaultGroup
from orchestrator.cli.examples import examples
from orchestrator.cli.files import opened, out_option, read_lines
from orchestrator.cli.numbers import whole
from orchestrator.cli.queued import end_with
from orchestrator.cli.results import require_judge
from orchestrator.connections import connect
from orchestrator.console import console, json_option, print_json, say, warn
from orchestrator.errors import UsageFault
from orchestrator.judging.agreement import folder_agreement, run_agreement
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
from problems.labelling import LabelledAnswer, load_labelled
from problems.loader import load_set
from reports.tables.judge import agreement_tables
from scoring.judging.request import JudgeRequest, batch_line
from scoring.quality.judge_agreement import labelled_request
from scoring.quality.unseen_path import leave_one_path_out as unseen_path_answers

#: Unusable steps that are printed for people; --json has all.
SHOWN_AT_MOST = 20
unseen_path_option = click.option(
    "--leave-one-path-out",
    is_flag=True,
    help="With --labelled: complete answers alone, each without the path it follows.",
)
check_done_option = click.option(
    "--check-done",
    is_flag=True,
    help="Ask about steps found done too; a judge flags them and takes none away.",
)
retry_option = click.option(
    "--retry-unscored",
    is_flag=True,
    help="Ask only about steps that this judge left without a verdict.",
)


@click.group(cls=DefaultGroup, default="submit")
@examples(
    "evalctl judge latest --judge qwen3-4b --watch",
    "evalctl judge export latest -o requests.jsonl",
)
def judge() -> None:
    """Ask a judge about steps that the rules did not find.

    `evalctl judge RUN --judge MODEL` is short for `evalctl judge submit RUN --judge MODEL`.
    """


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
        _warn_unreadable(planned)
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


@judge.command()
@click.argument("run", required=False)
@click.option(
    "--labelled",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Labelled answers instead of a run, for `judge card`.",
)
@unseen_path_option
@out_option
@click.option(
    "--model-name",
    default="judge",
    metavar="NAME",
    help="Model that the lines name.  [default: judge]",
)
@check_done_option
@retry_option
@click.option("--judge", "judge_name", metavar="NAME", help="The judge of --retry-unscored.")
@json_option
@examples(
    "evalctl judge export latest -o requests.jsonl --model-name gpt-5",
    "evalctl judge export latest -o again.jsonl --retry-unscored --judge gpt-5",
)
def export(
    *,
    run: str | None,
    labelled: Path | None,
    leave_one_path_out: bool,
    out: Path | None,
    model_name: str,
    check_done: bool,
    retry_unscored: bool,
    judge_name: str | None,
    as_json: bool,
) -> int:
    """Write requests for a batch interface to a file.

    One line of the OpenAI batch format for each answer of RUN with missing or undetermined steps.
    Send it wherever you like, and read the replies with `evalctl judge import`.
    """
    if retry_unscored and judge_name is None:
        raise UsageFault("--retry-unscored needs --judge NAME: whose verdicts are missing?")
    if as_json and out is None:
        raise UsageFault("--json needs -o FILE: standard output cannot hold both")
    if (run is None) == (labelled is None):
        raise UsageFault("give either RUN or --labelled FOLDER")
    _require_labels(labelled, unseen_path=leave_one_path_out)
    selection = Selection(check_done=check_done, retry_unscored=retry_unscored, judge=judge_name)
    if run is not None:
        with connect(name="judge export") as connections:
            found = find_run(connections.engine, run)
            planned = plan_questions(connections.engine, found, selection)
        _warn_unreadable(planned)
        head = {"run": str(found.run_id), "name": found.name, "unreadable": planned.unreadable}
        name, answers = f"run {found.name}", planned.answers
        asked = [(one.custom_id, one.request) for one in planned.questions]
    else:
        labels = labelled_answers(Path(str(labelled)), unseen_path=leave_one_path_out)
        head, name, answers = {"folder": str(labelled)}, f"folder {labelled}", len(labels)
        made = [(one.name, labelled_request(one, check_done=check_done)) for one in labels]
        asked = [(custom_id, request) for custom_id, request in made if request is not None]
    with opened(out) as file:
        for custom_id, request in asked:
            file.write(_line(custom_id, request, model_name))
    steps = sum(len(request.step_ids) for _, request in asked)
    if as_json:
        counts = {"answers": answers, "requests": len(asked), "steps": steps}
        print_json(head | {"file": str(out)} | counts)
    else:
        say(
            f"{name}: {len(asked)} requests about {steps} steps of {answers} scored answers",
            err=out is None,
        )
    return 1 if head.get("unreadable") else 0


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
            f"run {found.name}: {done.added} judgements of {judge_name} added, "
            f"{done.replies - done.added} already stored; {done.judged} steps judged, "
            f"{len(done.unusable)} without a usable verdict, {len(done.refused)} lines refused"
        )
        if done.superseded:
            warn(
                f"{done.superseded} replies are about scorings that were replaced; export again "
                "to judge the new ones"
            )
    return 1 if done.refused or not done.replies else 0


@judge.command(name="card")
@click.argument("run", required=False)
@click.option("--judge", "judge_name", metavar="NAME", help="Only this judge.")
@click.option(
    "--labelled",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Labelled answers instead of a run's reviews.",
)
@click.option(
    "--replies",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The replies to `judge export --labelled FOLDER`.",
)
@unseen_path_option
@json_option
@examples(
    "evalctl judge card latest --judge qwen3-4b",
    "evalctl judge card --labelled my-labels/ --replies replies.jsonl",
)
def agreement(
    *,
    run: str | None,
    judge_name: str | None,
    labelled: Path | None,
    replies: Path | None,
    leave_one_path_out: bool,
    as_json: bool,
) -> int:
    """Measure judges against people, step by step.

    Rules, judge and both together against the random reviews of RUN (default: latest), or against
    labels, beside a judge that always says the same. Exit code 1 if no step was read by people.
    """
    if (labelled is None) != (replies is None) or (labelled is not None and run is not None):
        raise UsageFault("give either RUN, or --labelled FOLDER with --replies FILE")
    _require_labels(labelled, unseen_path=leave_one_path_out)
    if labelled is not None and replies is not None:
        answers = labelled_answers(labelled, unseen_path=leave_one_path_out)
        document = {"folder": str(labelled)} | folder_agreement(answers, read_lines(replies))
        for line in document["refused"]:
            warn(f"line {line['line']}: {line['reason']}")
        if document["unknown"]:
            warn(f"{len(document['unknown'])} replies are about answers without labels")
    else:
        with connect(name="judge card", synthetic=True) as connections:
            found = find_run(connections.engine, run or "latest")
            if judge_name is not None:
                require_judge(run_judges(connections.engine, found.run_id), judge_name, found.name)
            document = {"run": str(found.run_id), "name": found.name}
            document |= run_agreement(connections.engine, found, judge_name)
        if document["reviews_left_out"]:
            warn(f"{document['reviews_left_out']} reviews are left out: not chosen at random")
    if as_json:
        print_json(document)
    else:
        for name, one in document["judges"].items():
            for table in agreement_tables(name, one):
                console().print(table, "")
    return 0 if any(one["steps"] for one in document["judges"].values()) else 1


def labelled_answers(folder: Path, *, unseen_path: bool = False) -> Sequence[LabelledAnswer]:
    """Return the labelled answers of a folder to shipped problems. Raise ``UsageFault``.

    ``unseen_path`` takes the complete ones alone, each without the path that it follows.
    """
    if not folder.is_dir():
        raise UsageFault(f"folder {folder} does not exist")
    answers = load_labelled(folder, load_set("core")).answers
    return unseen_path_answers(answers) if unseen_path else answers


def _require_labels(labelled: Path | None, *, unseen_path: bool) -> None:
    if unseen_path and labelled is None:
        raise UsageFault("--leave-one-path-out needs --labelled FOLDER: a run has no labels")


def _line(custom_id: str, request: JudgeRequest, model_name: str) -> str:
    line = batch_line(request, custom_id=custom_id, model=model_name)
    return json.dumps(line, ensure_ascii=False) + "\n"


def _warn_unreadable(planned: Questions) -> None:
    for name, why in planned.unreadable.items():
        warn(f"answers to {name} are left out: {why}")


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
        return f"{run} already has all {done.jobs} requests; nothing submitted"
    return f"{run}: {done.created} requests to {judge_name} about answers of {judged} submitted"
