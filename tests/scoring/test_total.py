"""Scoring is total: no text and no written answer of any kind makes it raise."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from problems.schema import Problem
from scoring.score import VERDICTS, score_text
from tests.support.problems import make_problem

#: What formulas and sentences are made of; joined at random it is mostly broken.
PIECES = (
    "x", "y", "p", "k", "1", "2", "0.5", "10,000", "10,\\!080", "%", "$", "$$", "\\$", "=", "<",
    "\\le", "\\in", "≈", ",", ";", "(", ")", "[", "]", "{", "}", "\\{", "\\}", "\\frac",
    "\\frac{1}{2}", "\\sqrt", "^", "_", "+", "-", "*", "/", "\\times", "\\pm", "\\pi", "\\infty",
    "\\cup", "\\text{ or }", "\\text{ for } k \\in \\mathbb{Z}", "\\boxed{", "\\begin{pmatrix}",
    "\\end{pmatrix}", "&", "\\\\", "\\int_0^1", "\\sum_{k=1}^n", "\\lim_{x\\to 0}", "dx", "f(",
    "f'", "|", "!", "°", "或", "所以", "答案：", "Answer: ", "步骤1", "\n", " ",
    "hours", " km/h", " cups",
    "元", "万", "²", "x₁", "<think>", "</think>", "不", "not ", "A", "\u202e", "\u200b", "\x00",
)  # fmt: skip
WRITTEN = st.lists(st.sampled_from(PIECES), max_size=24).map("".join)
ANSWERS = (
    "13", "x = 2", "x = 1, x = 2", "=", "x =", "x < 2, 1",
    "\\frac{\\pi}{6} + k\\pi, \\frac{\\pi}{3} + k\\pi \\text{ for } k \\in \\mathbb{Z}",
    "(p, x, y) = (p, p, 0) \\text{ or } (2, 1, 1)", "k \\in \\mathbb{Z}", "\\{1, 2\\}",
    "[0, 1) \\cup (2, \\infty)", "(0, 1)", "\\pm 3",
    "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "C", "1 \\le x < y", "\\text{no solution}",
    "f(x) = x^2 \\text{ and } f(x) = 0", "x \\in [1, 2]", "x \\in \\{1, 2\\}",
    "a \\equiv 1 \\pmod 3", "10,\\!080", "\\$5",
)  # fmt: skip
KINDS = ("value", "expr", "relation", "set", "interval", "choice", "proof", "rubric")
STEPS = (
    {"eq": "x = 2"},
    {"value": "12", "near": ["cups"]},
    {"words": {"en": ["because"], "zh": ["因为"]}},
)


def problem_with(kind: str, *written: str) -> Problem:
    answer = {"kind": kind, "any_of": list(written)}
    return make_problem(
        *STEPS, answer=answer, variables={"x": {"type": "real", "min": 0.5, "max": 3}}
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("written", ANSWERS)
def test_every_kind_takes_every_written_answer(kind: str, written: str) -> None:
    problem = problem_with(kind, written)
    for text in (
        written,
        "",
        f"Answer: {written}",
        f"\\boxed{{{written}}}",
        "x = 2, so the answer is x = 2 or 3.",
        "(p, 1) = 2",
    ):
        assert score_text(problem, text).answer_correct in (True, False, None)


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(
    kind=st.sampled_from(KINDS),
    written=WRITTEN.filter(str.strip),
    text=st.one_of(WRITTEN, st.text(max_size=120)),
)
def test_no_text_and_no_answer_raises(kind: str, written: str, text: str) -> None:
    score = score_text(problem_with(kind, written), text)
    assert 0 <= score.score7 <= 7
    assert all(step.verdict in VERDICTS for step in score.steps)
    assert all(
        step.start is None or 0 <= step.start <= (step.end or 0) <= len(text)
        for step in score.steps
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Answer: $\\frac{\\pi}{6}+k\\pi, \\frac{\\pi}{3}+k\\pi \\text{ for } k\\in\\mathbb{Z}$",
            True,
        ),
        ("Answer: $\\frac{\\pi}{6}$", False),
        ("I do not know.", False),
    ],
)
def test_listed_solutions_are_compared_as_written(text: str, expected: bool | None) -> None:
    written = "\\frac{\\pi}{6} + k\\pi, \\frac{\\pi}{3} + k\\pi \\text{ for } k \\in \\mathbb{Z}"
    assert score_text(problem_with("relation", written), text).answer_correct is expected
