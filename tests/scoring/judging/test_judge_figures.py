"""The figures of rules, judge and both on answers that the scorer was not built on."""

from __future__ import annotations

from pathlib import Path

import pytest

from problems.labelling import load_labelled
from problems.loader import SHIPPED, load_set
from scoring.judging.reply_file import read_replies
from scoring.quality.judge_agreement import labelled_agreement

REPLIES = Path(__file__).parent / "replies" / "test.jsonl"
LABELLED = SHIPPED.parent / "labelled" / "test"


def test_rules_and_judge_together_hold_what_was_measured() -> None:
    answers = load_labelled(LABELLED, load_set("core")).answers
    replies, refused = read_replies(REPLIES.read_text(encoding="utf-8").splitlines())
    found, unknown = labelled_agreement(answers, [(one.custom_id, one.content) for one in replies])

    assert (refused, unknown) == ([], ())
    document = found.to_dict()
    assert document["judge"]["coverage"] == pytest.approx(1.0)
    assert document["judge"]["kappa"] > 0.95
    assert document["rules_judge"]["kappa"] > 0.84
    assert document["scores"]["rules_judge"]["mae7"] < 0.35
    assert document["scores"]["rules_judge"]["mae7"] < document["scores"]["rules"]["mae7"] / 2
