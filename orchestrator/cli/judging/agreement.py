"""``evalctl judge card``: how far judges agree with people."""

from __future__ import annotations

from pathlib import Path

import click

from core.counts import counted
from db.judging.judgements import run_judges
from db.runs.run import find_run
from orchestrator.cli.examples import examples
from orchestrator.cli.files import read_lines
from orchestrator.cli.judging.options import labelled_answers, require_labels, unseen_path_option
from orchestrator.cli.results import require_judge
from orchestrator.connections import connect
from orchestrator.console import console, json_option, print_json, warn
from orchestrator.errors import UsageFault
from orchestrator.judging.agreement import folder_agreement, run_agreement
from reports.tables.judge import agreement_tables


@click.command(name="card")
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
    require_labels(labelled, unseen_path=leave_one_path_out)
    if labelled is not None and replies is not None:
        answers = labelled_answers(labelled, unseen_path=leave_one_path_out)
        document = {"folder": str(labelled)} | folder_agreement(answers, read_lines(replies))
        for line in document["refused"]:
            warn(f"line {line['line']}: {line['reason']}")
        if document["unknown"]:
            unknown = counted(len(document["unknown"]), "reply", "replies")
            warn(f"left out {unknown} about answers without labels")
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
