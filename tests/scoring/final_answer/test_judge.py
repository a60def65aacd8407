"""Replies on both sides of the line: what is compared, and what of a reply is read."""

from __future__ import annotations

import pytest

from scoring.final_answer.judge import judge_text, unreadable
from tests.scoring.final_answer.making import value

MARBLES = "Tom has 24 marbles. He gives 6 to Ann and loses 3. How many marbles does Tom have left?"


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        ("Losing 3 more leaves him with 15.", True),
        ("He has 15 left, and Ann now has 6 more.", True),
        ("So 15 marbles remain, and 9 are lost.", True),
        ("It should be 15, not 18.", True),
        ("It should be 18, not 15.", False),
        ("Tom gave away 15 marbles and has 9 left.", False),
        ("Either 15 or 18.", False),
        ("Between 10 and 20.", False),
    ],
)
def test_value_of_a_sentence_that_answers(reply: str, right: bool) -> None:
    assert judge_text(value("15", MARBLES), reply).right is right


@pytest.mark.parametrize(
    ("kind", "reference", "unit", "reply", "right"),
    [
        ("value", "4.5", "V", "U = 4.5 mV", False),
        ("value", "4.5", "V", "U = 4500 mV", True),
        ("value", "72", "°", "$\\frac{2\\pi}{5}$ rad", True),
        ("value", "72", "°", "$\\frac{2\\pi}{3}$ rad", False),
        ("value", "2:30\\text{ p.m.}", "", "at 14:30", True),
        ("value", "2:30\\text{ p.m.}", "", "at 13:30", False),
        ("value", "0.25", "", "25%", True),
        ("value", "2\\sqrt{3}", "", "3.46", True),
        ("value", "2\\sqrt{3}", "", "3.4", False),
        ("value", "i", "", "what is left is $i$.", True),
        ("relation", "y = 12/x", "", "xy = 12", True),
        ("relation", "y = 12/x", "", "xy = 13", False),
        ("relation", "y = 12/x", "", "x^2 y = 12x^3", False),
        ("relation", "x\\pm 2y=0", "", "$y=\\frac12x$ and $y=-\\frac12x$", True),
        ("relation", "x\\pm 2y=0", "", "$y=\\frac12x$", False),
        ("set", "{1,2}", "", "One root is 1; the other one is 2.", True),
        ("set", "{1,2}", "", "The only root is 1.", False),
        ("set", "{1,2}", "", "The roots are 1 and 2, and their sum is 3.", True),
        ("interval", "(2,5)", "", "{x | x > 2 且 x < 5}", True),
        ("interval", "(2,5)", "", "{x | x > 2 且 x ≤ 5}", False),
        ("expr", "(3,-2)", "", "x = 3 together with y = -2", True),
        ("expr", "(3,-2)", "", "x = -2 together with y = 3", False),
        ("expr", "\\begin{pmatrix}-7\\\\16\\end{pmatrix}", "", "It is (-7, 16).", True),
        ("expr", "\\begin{pmatrix}-7\\\\16\\end{pmatrix}", "", "It is (16, -7).", False),
        ("choice", "B", "", "排除A、C、D，选B", True),
        ("choice", "B", "", "选B不对，应选C。", False),
    ],
)
def test_forms_of_one_answer(kind: str, reference: str, unit: str, reply: str, right: bool) -> None:
    problem = value(reference, kind=kind, unit=unit)

    assert judge_text(problem, reply).right is right


@pytest.mark.parametrize(
    ("reply", "right"), [("\\boxed{(-2,3)}", True), ("\\boxed{[-2,3]}", False)]
)
def test_interval_with_its_ends_is_not_the_open_one(reply: str, right: bool) -> None:
    problem = value("(-2,3)", "Solve x^2 - x - 6 < 0 in interval notation.", kind="expr")

    assert judge_text(problem, reply).right is right


@pytest.mark.parametrize(
    ("reference", "kind", "readable"),
    [
        ("12", "value", True),
        ("B, D", "choice", True),
        ("12", "choice", False),
        ("x=", "expr", False),
    ],
)
def test_references_that_cannot_be_read(reference: str, kind: str, readable: bool) -> None:
    assert (unreadable(value(reference, kind=kind)) is None) is readable
