"""The figures of rules, judge and both on answers that the scorer was not built on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from problems.labelling import LabelledAnswer, load_labelled
from problems.loader import SHIPPED, load_set
from scoring.judging.reply_file import read_replies
from scoring.quality.judge_agreement import labelled_agreement
from scoring.quality.unseen_path import leave_one_path_out

REPLIES = Path(__file__).parent / "replies"
LABELLED = SHIPPED.parent / "labelled"


@pytest.mark.parametrize(
    ("split", "judge", "both", "error"),
    [("test", 0.95, 0.87, 0.27), ("development", 0.94, 0.9, 0.2)],
)
def test_rules_and_judge_together_hold_what_was_measured(
    split: str, judge: float, both: float, error: float
) -> None:
    document = figures(load_labelled(LABELLED / split, load_set("core")).answers, split)
    assert document["judge"]["coverage"] == pytest.approx(1.0)
    assert document["judge"]["kappa"] > judge
    assert document["rules_judge"]["kappa"] > both
    assert document["scores"]["rules_judge"]["mae7"] < error
    assert document["scores"]["rules_judge"]["mae7"] < document["scores"]["rules"]["mae7"] / 2


def test_a_way_that_is_not_written_down_is_credited_by_the_judge() -> None:
    answers = leave_one_path_out(load_labelled(LABELLED / "test", load_set("core")).answers)
    document = figures(answers, "unseen_path")
    assert document["rules"]["done_found"] < 0.5
    assert document["rules_judge"]["done_found"] > 0.97


def figures(answers: Sequence[LabelledAnswer], name: str) -> dict[str, Any]:
    """Return the figures of rules, judge and both; every reply is about one of the answers."""
    lines = (REPLIES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    replies, refused = read_replies(lines)
    found, unknown = labelled_agreement(answers, [(one.custom_id, one.content) for one in replies])
    assert (refused, unknown) == ([], ())
    return found.to_dict()
