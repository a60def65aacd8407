"""Letters that an answer introduces, and letters that it does not."""

from __future__ import annotations

from typing import Any

import pytest

from scoring.score import score_text
from tests.support.problems import make_problem

VARS = {"x": {"type": "real", "min": 0.5, "max": 1.4}, "n": {"type": "int", "min": 1, "max": 9}}


def verdict(evidence: dict[str, Any], text: str) -> str:
    problem = make_problem(
        evidence, variables=VARS, statement="Given $x$ and $n$, find $T_n$ and $\\cot x$."
    )
    return score_text(problem, text).steps[0].verdict


@pytest.mark.parametrize(
    ("eq", "text"),
    [
        # One letter for another.
        ("x^2+n = 7", "Let `d` stand for $x$. Then $d^2+n=7$."),
        ("x^2+n = 7", "把 $x$ 记作 $u$，则 $u^2+n=7$。"),
        ("x^2+n = 7", "let `k` = number of steps (the $n$ of the task), then `x**2 + k = 7`"),
        ("x = 2", "let w := x. So w = 2."),
        # A shifted or scaled unknown.
        ("x = 3", "Put $x=t+1$. Then $t=2$."),
        ("x = 600", "设 $x=1000s$，解得 $s=0.6$。"),
    ],
)
def test_what_the_answer_defines_is_followed(eq: str, text: str) -> None:
    assert verdict({"eq": eq}, text) == "done"


def test_a_renamed_letter_is_read_in_written_forms() -> None:
    evidence = {"regex": "2 ?T_n ?= ?\\("}
    assert verdict(evidence, "let `U` = the wanted sum $T_n$\n2U = (2n-1)*3^n") == "done"
    assert verdict(evidence, "2U = (2n-1)*3^n") != "done"


@pytest.mark.parametrize(
    "text",
    [
        "Then $d^2+n=7$ for the distance $d$.",
        "Let d be the distance from x to the wall. Then $d^2+n=7$.",
        "Let $d$ and $x$ be numbers. Then $d^2+n=7$.",
        "Put $x=t+1$. Then $t^2+n=7$.",
    ],
)
def test_other_letters_stay_what_they_are(text: str) -> None:
    problem = make_problem(
        {"eq": "x^2+n = 7"}, variables=VARS, statement="Given $x$ and $n$, find $d+t$."
    )
    assert score_text(problem, text).steps[0].verdict != "done"
