"""``evalctl judge export``: requests to a judge as a file for a batch interface."""

from __future__ import annotations

import json
from pathlib import Path

import click

from core.counts import counted
from db.runs.run import find_run
from orchestrator.cli.examples import examples
from orchestrator.cli.files import opened, out_option
from orchestrator.cli.judging.options import (
    check_done_option,
    labelled_answers,
    require_labels,
    retry_option,
    unseen_path_option,
)
from orchestrator.connections import connect
from orchestrator.console import json_option, print_json, say, warn
from orchestrator.errors import UsageFault
from orchestrator.judging.judge import (
    Questions,
    Selection,
    plan_questions,
)
from scoring.judging.request import JudgeRequest, batch_line
from scoring.quality.judge_agreement import labelled_request


@click.command()
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
    require_labels(labelled, unseen_path=leave_one_path_out)
    selection = Selection(check_done=check_done, retry_unscored=retry_unscored, judge=judge_name)
    if run is not None:
        with connect(name="judge export") as connections:
            found = find_run(connections.engine, run)
            planned = plan_questions(connections.engine, found, selection)
        warn_unreadable(planned)
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
            f"{name}: {counted(len(asked), 'request')} about {counted(steps, 'step')} of "
            f"{counted(answers, 'scored answer')}",
            err=out is None,
        )
    return 1 if head.get("unreadable") else 0


def _line(custom_id: str, request: JudgeRequest, model_name: str) -> str:
    line = batch_line(request, custom_id=custom_id, model=model_name)
    return json.dumps(line, ensure_ascii=False) + "\n"


def warn_unreadable(planned: Questions) -> None:
    """Name the problems whose answers are left out, and why."""
    for name, why in planned.unreadable.items():
        warn(f"answers to {name} are left out: {why}")
