"""Steps that follow rightly from a wrong value."""

from __future__ import annotations

from typing import Any

import pytest

from problems.schema import Problem
from scoring.score import score_text
from tests.support.problems import make_problem

VARS = {"q": {"type": "real", "min": 0.1, "max": 0.9}}
ANSWER = {"kind": "value", "any_of": ["13"]}


@pytest.mark.parametrize(
    ("evidence", "text", "verdict"),
    [
        ({"eq": "1.656(1-q) \\le 1"}, "1.584(1-q) ≤ 1", "present_invalid"),
        ({"value": "1-\\frac{1}{1.656}"}, "1-1/1.584", "present_invalid"),
        ({"value": "1.656(1-q)"}, "1.584(1-q) is what is left", "present_invalid"),
        ({"regex": "1 ?- ?1/1\\.656"}, "1 - 1/1.584", "present_invalid"),
        ({"all_of": [{"words": {"en": ["so"]}}, {"value": "1.656(1-q)"}]}, "so 1.584(1-q)",
         "present_invalid"),
        # Neither value, or one that is not the answer's.
        ({"eq": "1.656(1-q) \\le 1"}, "1.7(1-q) ≤ 1", "missing"),
        ({"words": {"en": ["contacts"]}}, "1.584(1-q) ≤ 1", "missing"),
    ],
)  # fmt: skip
def test_what_follows_from_a_wrong_value_is_present_but_invalid(
    evidence: dict[str, Any], text: str, verdict: str
) -> None:
    problem = make_problem({"eq": "f(1) = 1.656"}, evidence, answer=ANSWER, variables=VARS)
    score = score_text(problem, f"f(1) = 1.584\n{text}\nAnswer: 12")
    assert [step.verdict for step in score.steps] == ["wrong", verdict]


def test_a_small_whole_number_is_not_carried() -> None:
    problem = make_problem({"eq": "f(1) = 3"}, {"value": "3(1-q)"}, answer=ANSWER, variables=VARS)
    score = score_text(problem, "f(1) = 4\n4(1-q)\nAnswer: 12")
    assert [step.verdict for step in score.steps] == ["wrong", "missing"]


def test_an_answer_that_ends_right_carries_nothing() -> None:
    data = make_problem({"eq": "f(1) = 1.656"}, {"value": "1.656(1-q)"}, answer=ANSWER).to_dict()
    score = score_text(Problem.from_dict(data), "f(1) = 1.584\n1.584(1-q)\nAnswer: 13")
    assert score.steps[1].verdict == "missing"
