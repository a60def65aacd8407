"""Forms that a question demands: an equal answer in another form is wrong."""

from __future__ import annotations

import pytest

from scoring.final_answer.judge import judge_text
from tests.scoring.final_answer.making import value


@pytest.mark.parametrize(
    ("question", "reference", "reply", "right"),
    [
        ("Simplify $\\sqrt{52}$.", "2\\sqrt{13}", "$\\boxed{\\sqrt{52}}$", False),
        ("Simplify $\\sqrt{52}$.", "2\\sqrt{13}", "$\\sqrt{52}=2\\sqrt{13}$", True),
        ("Find $d$ in simplest radical form.", "6\\sqrt{2}", "$2\\sqrt{18}$", False),
        ("How long is $d$?", "6\\sqrt{2}", "$2\\sqrt{18}$", True),
        ("Reduce 6/8 to lowest terms.", "\\frac{3}{4}", "6/8", False),
        ("What is the ratio in simplest form?", "3:2", "18:12, which reduces to 3:2", True),
        ("What is the ratio in simplest form?", "3:2", "18:12", False),
        ("Give the exact value of $x$.", "\\sqrt{7}", "x = 2.646", False),
        ("Give the exact value of $x$.", "\\sqrt{7}", "$x=\\sqrt7\\approx 2.646$", True),
        ("Give the exact value of $x$.", "\\frac{1}{2}", "0.5", True),
        ("Find the area in terms of $\\pi$.", "5\\pi", "15.71", False),
        ("Factor $x^2+5x-14$.", "(x-2)(x+7)", "$x(x+5)-14$", False),
        ("Factor $x^2+5x-14$.", "(x-2)(x+7)", "$(x+7)(x-2)$", True),
        ("Factor $5x^2-20$ completely.", "5(x+2)(x-2)", "$5(x^2-4)$", False),
        ("Expand $(x+1)^2$.", "x^2+2x+1", "$(x+1)(x+1)$", False),
        ("Expand $(x+1)^2$.", "x^2+2x+1", "$1+2x+x^2$", True),
        ("Write 4200000 in scientific notation.", "4.2\\times 10^{6}", "$42\\times10^5$", False),
        ("Write 4200000 in scientific notation.", "4.2\\times 10^{6}", "4.2e6", True),
        ("Round $\\pi$ to two decimal places.", "3.14", "3.1416", False),
        ("Round $\\pi$ to two decimal places.", "3.14", "$3.1416 \\approx 3.14$", True),
        ("Write $\\frac73$ as a mixed number.", "2\\frac{1}{3}", "7/3", False),
        ("Write $\\frac73$ as a mixed number.", "2\\frac{1}{3}", "2 1/3", True),
        ("Find the line in slope-intercept form.", "y=2x-7", "$y=2(x-3)-1$", False),
        ("Find the line in slope-intercept form.", "y=2x-7", "$2x-y=7$, i.e. $y=2x-7$", True),
        ("Find the line.", "y=2x-7", "$y=2(x-3)-1$", True),
        ("Write $\\frac38$ as a decimal.", "0.375", "3/8", False),
        ("Write $\\frac38$ as a decimal.", "0.375", "3/8 = 0.375", True),
        ("Write $\\frac{3}{11}$ as a decimal.", "0.\\overline{27}", "$0.\\overline{27}$", True),
        ("Find the angle in radians.", "\\frac{\\pi}{6}", "$30^\\circ$", False),
        ("Find the angle.", "\\frac{\\pi}{6}", "$30^\\circ$", True),
        ("Find the angle in degrees.", "60^\\circ", "$\\frac{\\pi}{3}$", False),
        ("把 0.6 化成最简分数。", "\\frac{3}{5}", "6/10", False),
        ("把 0.6 化成最简分数。", "\\frac{3}{5}", "3/5", True),
    ],
)
def test_demanded_form(question: str, reference: str, reply: str, right: bool) -> None:
    kind = "relation" if "line" in question else "value"

    assert judge_text(value(reference, question, kind=kind), reply).right is right


@pytest.mark.parametrize(
    ("question", "reference", "reply"),
    [
        ("Compute $2^{10}$.", "1024", "$2^{10}$"),
        ("Evaluate $\\binom{5}{2}$.", "10", "$\\boxed{\\binom52}$"),
        ("Simplify (1/8)^5.", "\\frac{1}{32768}", "(1/8)^5"),
    ],
)
def test_expression_of_the_question_is_no_answer(question: str, reference: str, reply: str) -> None:
    assert judge_text(value(reference, question), reply).right is False
