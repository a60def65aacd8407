"""Finding the final answer and judging it."""

from __future__ import annotations

from typing import Any

import pytest

from scoring.score import score_text
from tests.support.problems import make_problem

X = {"x": {"type": "real", "min": 0.5, "max": 3}, "a": {"type": "real", "min": 0.1, "max": 3}}


def correct(answer: dict[str, Any], text: str) -> bool | None:
    return score_text(
        make_problem({"words": {"en": ["never said"]}}, answer=answer, variables=X), text
    ).answer_correct


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("答案：13", True),
        ("Answer: 13", True),
        ("The answer is $13$.", True),
        ("The final answer is **13**.", True),
        ("\\boxed{13}", True),
        ("So we get $$\\boxed{x=13}$$", True),
        ("Answer: 12\nWait, that is wrong.\nAnswer: 13", True),
        ("Answer: 13\nOn reflection:\nAnswer: 12", False),
        ("**答案**\n\n$$13$$", True),
        ("## 最终答案\n13", True),
        ("因此 a²+b²=25−12=13。", True),
        ("所以结果为 13 平方厘米。", True),
        ("故最小值为 26/2=13，当 b=2a，即 a=5/6, b=5/3 取等。", True),
        ("So it equals 1.3e1.", True),
        ("答案：13 或 12", False),
        ("答案：-13", False),
        ("答案：1.3", False),
        ("答案：26/2", True),
        ("答案：13.0", True),
        ("我不知道。", False),
        ("", False),
    ],
)
def test_value(text: str, expected: bool) -> None:
    assert correct({"kind": "value", "any_of": ["13"]}, text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("答案：π/4, π/3, 3π/4", True),
        ("The solutions are x = π/4, x = π/3 and x = 3π/4.", True),
        ("答案：$\\{\\frac{3\\pi}{4},\\frac{\\pi}{3},\\frac{\\pi}{4}\\}$", True),
        ("x=45°, 60° 或 135°", True),
        ("Answer: π/4 and π/3", False),
        ("Answer: π/4, π/3, 3π/4, π", False),
    ],
)
def test_set(text: str, expected: bool) -> None:
    answer = {"kind": "set", "any_of": ["\\{\\frac{\\pi}{4},\\frac{\\pi}{3},\\frac{3\\pi}{4}\\}"]}
    assert correct(answer, text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("答案：$a\\ge\\frac12$", True),
        ("a 的取值范围是 [1/2, +∞)", True),
        ("Answer: $[0.5,\\infty)$", True),
        ("Answer: a > 1/2", False),
        ("Answer: (1/2, +∞)", False),
        ("Answer: a ≤ 1/2", False),
    ],
)
def test_interval(text: str, expected: bool) -> None:
    assert correct({"kind": "interval", "any_of": ["[\\frac{1}{2},+\\infty)"]}, text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Answer: y = 2x - 1 + 2e^{-2x}", True),
        ("y=2e^(-2x)+2x-1", True),
        ("答案：$2x-1+\\frac{2}{e^{2x}}$", True),
        ("Answer: y = 2x - 1 + e^{-2x}", False),
    ],
)
def test_expression(text: str, expected: bool) -> None:
    assert correct({"kind": "expr", "any_of": ["2x-1+2e^{-2x}"]}, text) is expected


@pytest.mark.parametrize(
    ("text", "expected"), [("选 C", True), ("The answer is (C).", True), ("答案：B", False)]
)
def test_choice(text: str, expected: bool) -> None:
    assert correct({"kind": "choice", "any_of": ["C"]}, text) is expected


def test_unit_of_the_answer_is_heeded() -> None:
    answer = {"kind": "value", "any_of": ["12"], "unit": "cm"}
    assert correct(answer, "Answer: 12 cm") is True
    assert correct(answer, "Answer: 12 m") is False


def test_thousands_in_a_box_are_one_number() -> None:
    assert (
        correct(
            {"kind": "value", "any_of": ["58500"]}, "Then $26\\times 25\\times 90=\\boxed{58,500}$."
        )
        is True
    )
    assert correct({"kind": "set", "any_of": ["\\{1,200\\}"]}, "So $\\{1,200\\}$.") is True


def test_proof_and_rubric_are_not_judged() -> None:
    assert correct({"kind": "proof"}, "Answer: 13") is None
    assert correct({"kind": "rubric", "any_of": ["13"]}, "Answer: 13") is None
