"""Texts are read as the forms that they have."""

from __future__ import annotations

import pytest

from scoring.final_answer.forms.form import Equation, Scalar, Several, Span, Spans, Words
from scoring.final_answer.forms.shapes import read_form


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("12", Scalar("12")),
        ("12 km/h", Scalar("12", "km/h")),
        ("35%", Scalar("35", percent=True)),
        ("x = 5", Equation(("x", "5"))),
        ("hyperbola", Words("hyperbola")),
        ("1 and 2", Several((Scalar("1"), Scalar("2")))),
        ("(3, -2)", Several((Scalar("3"), Scalar("-2")), ordered=True)),
        ("[3, -2]", Several((Scalar("3"), Scalar("-2")), closed=True)),
        ("P(3, -2)", Several((Scalar("3"), Scalar("-2")), ordered=True)),
        ("[2, 5)", Spans((Span("2", "5", low_in=True, high_in=False),))),
        ("x > 2", Spans((Span("2", "∞", low_in=False, high_in=False),), "x")),
        ("|x| < 3", Spans((Span("0-3", "0+3", low_in=False, high_in=False),), "x")),
        ("∅", Several(())),
    ],
)
def test_form_of_a_text(text: str, form: object) -> None:
    assert read_form(text) == form


@pytest.mark.parametrize("text", ["there are 3 apples left", "x equals what we want, 5", ""])
def test_prose_has_no_form(text: str) -> None:
    assert read_form(text) is None


def test_letters_of_the_problem_are_no_units() -> None:
    assert read_form("3t", frozenset("t")) == Scalar("3t")
    assert read_form("3t") == Scalar("3", "t")
    assert read_form("58t litres", frozenset("t")) == Scalar("58t", "litres")
