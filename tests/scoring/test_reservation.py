"""Places that show a step and are not trusted, in answers that fail."""

from __future__ import annotations

import pytest

from scoring.score import score_text
from tests.support.problems import make_problem

ANSWER = {"kind": "value", "any_of": ["13"]}
REALS = {"x": {"type": "real", "min": 0.5, "max": 2.5}}


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("We get x=2.\nAnswer: 12", "done"),
        ("We need to show that x=2, which is hard.\nAnswer: 12", "undetermined"),
        ("We need to show that x=2. Indeed x=2.\nAnswer: 12", "done"),
        ("Let us go on, so that x=2 and therefore we", "undetermined"),
        # An answer that succeeds may put it as it likes.
        ("We need to show that x=2, which is clear.\nAnswer: 13", "done"),
    ],
)
def test_step_announced_or_broken_off_is_undetermined(text: str, verdict: str) -> None:
    problem = make_problem({"eq": "x = 2"}, answer=ANSWER, variables=REALS)
    assert score_text(problem, text).steps[0].verdict == verdict


def test_formula_that_goes_on_to_a_wrong_result_is_undetermined() -> None:
    problem = make_problem({"value": "2x+5"}, answer=ANSWER, variables=REALS)
    assert score_text(problem, "S = 2x+5 = 13").steps[0].verdict == "done"
    assert score_text(problem, "S = 2x+5 = 12").steps[0].verdict == "undetermined"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("f(1) = 16", "wrong"),
        ("If f(1) = 16, things differ.", "missing"),
        ("若 f(1) = 16，则不然。", "missing"),
    ],
)
def test_value_that_is_only_supposed_contradicts_nothing(text: str, verdict: str) -> None:
    assert score_text(make_problem({"eq": "f(1) = 9"}), text).steps[0].verdict == verdict


def test_words_bind_the_head_of_a_chain_to_what_stands_before() -> None:
    problem = make_problem({"value": "1/4"})
    text = "I = [ (sin b)^2 / 2 ] from 0 to pi/4 = (1/2)/2 = 1/4"
    assert score_text(problem, text).steps[0].verdict == "done"
