"""Steps that compute nothing and build on missing ones are undetermined, and save no guess."""

from __future__ import annotations

import itertools

import pytest

from problems.schema import Problem
from scoring.score import score_text
from tests.support.problems import make_problem

ANSWER = {"kind": "value", "any_of": ["13"]}
EVIDENCE = ({"eq": "x = 1"}, {"eq": "x = 2"}, {"eq": "y = 3"}, {"words": {"en": ["symmetry"]}})
HOLLOW = "missing missing undetermined undetermined"


def chained() -> Problem:
    """Return a problem of four steps, each of which builds on the one before it."""
    data = make_problem(*EVIDENCE, answer=ANSWER).to_dict()
    steps = data["paths"][0]["steps"]
    for before, step in itertools.pairwise(steps):
        step["requires"] = [before["id"]]
    return Problem.from_dict(data)


@pytest.mark.parametrize(
    ("text", "verdicts", "guessed"),
    [
        # A value and words behind two missing steps.
        ("u+1=5, y=3, by symmetry.\nAnswer: 13", HOLLOW, True),
        # The value is worked out there; the words follow from it.
        ("u+1=5, y=4-1=3, by symmetry.\nAnswer: 13", "missing missing done done", False),
        # One step is skipped, the others bear the value out.
        ("u+1=5, x=1, y=3, by symmetry.\nAnswer: 13", "done missing done done", False),
        ("u+1=5, y=3, by symmetry.\nAnswer: 12", HOLLOW, False),
    ],
)
def test_step_without_base_is_doubted(text: str, verdicts: str, guessed: bool) -> None:
    score = score_text(chained(), text)
    assert " ".join(step.verdict for step in score.steps) == verdicts
    assert score.guess_suspected is guessed


def test_doubt_names_its_reason() -> None:
    third = score_text(chained(), "u+1=5, y=3, by symmetry.\nAnswer: 13").steps[2]
    assert third.reason.endswith("but it computes nothing, and a step that it builds on is missing")
    assert third.evidence_text == "y=3"


RUBRIC = {"kind": "rubric", "any_of": ["r(9) = 0.25, 15 yuan", "r(9) = 0.2667, 16 yuan"]}


@pytest.mark.parametrize(
    ("text", "guessed"),
    [
        ("A rate of 25%, i.e. a fee of 15 yuan.", True),
        ("Rate: 26.7 per cent.\nFee: 16 yuan.", True),
        ("费率 $25\\%$，即每单 15 元。", True),
        # One number of two, or another result, which may be right too.
        ("A rate of 25%, i.e. a fee of 18 yuan.", False),
        ("A rate of 23.3%, i.e. a fee of 14 yuan.", False),
        ("x=1, x=2, so 25%, that is 15 yuan.", False),
    ],
)
def test_listed_result_of_a_rubric_may_be_guessed(text: str, guessed: bool) -> None:
    score = score_text(make_problem(*EVIDENCE, answer=RUBRIC), text)
    assert score.answer_correct is None
    assert score.guess_suspected is guessed
