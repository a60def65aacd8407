"""Options that several commands of ``evalctl judge`` share, and the labelled answers they name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from orchestrator.errors import UsageFault
from problems.labelling import LabelledAnswer, load_labelled
from problems.loader import load_set
from scoring.quality.unseen_path import leave_one_path_out as unseen_path_answers

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


def labelled_answers(folder: Path, *, unseen_path: bool = False) -> Sequence[LabelledAnswer]:
    """Return the labelled answers of a folder to shipped problems. Raise ``UsageFault``.

    ``unseen_path`` takes the complete ones alone, each without the path that it follows.
    """
    if not folder.is_dir():
        raise UsageFault(f"folder {folder} does not exist")
    answers = load_labelled(folder, load_set("core")).answers
    return unseen_path_answers(answers) if unseen_path else answers


def require_labels(labelled: Path | None, *, unseen_path: bool) -> None:
    """Raise ``UsageFault`` where paths are to be left out of answers that have no labels."""
    if unseen_path and labelled is None:
        raise UsageFault("--leave-one-path-out needs --labelled FOLDER: a run has no labels")
