"""What is missing, and what the rules cannot decide."""

from __future__ import annotations

import pytest

from scoring.score import score_text
from tests.support.problems import make_problem

ANSWER = {"kind": "value", "any_of": ["13"]}
PROSE = "Here a thought is set out in words, at length and without a single formula in it. " * 2


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        # Too short to hold the second step.
        ("x=1, x=3\nAnswer: 12", "done missing done"),
        # Room for it before the third: relations that match nothing, or words.
        ("x=1, u=4, v=5, x=3\nAnswer: 12", "done undetermined done"),
        (f"x=1. {PROSE} x=3\nAnswer: 12", "done undetermined done"),
        # A wrong answer without a later step never came so far, whatever else it holds.
        ("x=1, u=4, v=5, w=6, p=7\nAnswer: 12", "done missing missing"),
        # A right one came there somehow, if it holds enough.
        ("x=3-2=1, u=4, v=5, w=6, p=7\nAnswer: 13", "done undetermined undetermined"),
        ("x=3-2=1, u=4\nAnswer: 13", "done missing missing"),
        ("", "missing missing missing"),
    ],
)
def test_step_is_missing_only_where_the_answer_has_no_room(text: str, verdicts: str) -> None:
    steps = ({"eq": "x = 1"}, {"eq": "x = 2"}, {"eq": "x = 3"})
    score = score_text(make_problem(*steps, answer=ANSWER), text)
    assert " ".join(step.verdict for step in score.steps) == verdicts
    assert all(step.reason for step in score.steps)


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        # A wrong result may come from a step that is only named.
        ("x=1, x=2, by symmetry\nAnswer: 12", "done done undetermined"),
        ("x=1, x=2, by symmetry\nAnswer: 13", "done done done"),
        # One in the middle is taken as it stands.
        ("x=1, by symmetry, x=3\nAnswer: 12", "done done done"),
    ],
)
def test_what_is_only_named_is_doubted_where_the_result_is_wrong(text: str, verdicts: str) -> None:
    last = {"words": {"en": ["symmetry"]}}
    value = {"eq": "x = 2" if "x=2" in text else "x = 3"}
    steps = ({"eq": "x = 1"}, value, last) if "x=2" in text else ({"eq": "x = 1"}, last, value)
    score = score_text(make_problem(*steps, answer=ANSWER), text)
    assert " ".join(step.verdict for step in score.steps) == verdicts


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        # Too little of the derivation: words and what is only stated show nothing for certain.
        ("By symmetry and the like.\nAnswer: 13", "missing missing missing undetermined"),
        ("x=1. Hence, clearly, 13.\nAnswer: 13", "undetermined missing missing missing"),
        # A value behind a calculation is derived.
        ("y+3=4, so x=1.\nAnswer: 13", "done missing missing missing"),
        # Half of the steps bear the words out.
        ("x=1, by symmetry\nAnswer: 13", "done missing missing done"),
        # A wrong result cannot be guessed: there a first step counts as it stands.
        ("x=1\nAnswer: 12", "done missing missing missing"),
    ],
)
def test_thin_evidence_is_doubted(text: str, verdicts: str) -> None:
    last = {"words": {"en": ["symmetry"]}}
    steps = ({"eq": "x = 1"}, {"eq": "x = 2"}, {"eq": "x = 3"}, last)
    score = score_text(make_problem(*steps, answer=ANSWER), text)
    assert " ".join(step.verdict for step in score.steps) == verdicts
