"""A result that is read off tried values is guessed; the same relations in a derivation count."""

from __future__ import annotations

import pytest

from problems.labelling import load_labelled
from problems.loader import SHIPPED, load_set
from scoring.quality.marks import marks_of
from scoring.score import score_text
from tests.support.problems import make_problem

STEPS = ({"eq": "x = 101"}, {"eq": "x = 102"}, {"eq": "x = 103"})
NUMBER = {"kind": "value", "any_of": ["13"]}
FORMULA = {"kind": "expr", "any_of": ["n^2+n"]}


@pytest.mark.parametrize(
    ("text", "guessed"),
    [
        # One name with three values.
        ("k=1: u=4.\nk=2: v=5.\nk=3: w=6.\nk=4: z=9.\nAnswer: 13", True),
        # The same relations about one value.
        ("k=1: u=4.\nk=1: v=5.\nk=1: w=6.\nk=1: z=9.\nAnswer: 13", False),
        # The answer says that it tries.
        ("Trying some values: 2+3 = 5, 2+8 = 10, 5+7 = 12, 6+7 = 13, 3+4 = 7.\nAnswer: 13", True),
        ("Adding them up: 2+3 = 5, 2+8 = 10, 5+7 = 12, 6+7 = 13, 3+4 = 7.\nAnswer: 13", False),
        ("试几个值：2+3=5，2+8=10，5+7=12，6+7=13，3+4=7。\n答：13", True),
        # Multiples of pi, and a table of values of a function.
        ("x=0: u=4.\nx=π/2: v=5.\nx=3π/2: w=6.\nx=$\\frac{\\pi}{4}$: z=9.\nAnswer: 13", True),
        ("f(0)=4, f(1)=5, f(2)=6, f(3)=9, f(4)=13.\nAnswer: 13", True),
        ("f'(x)=2x, g=x+1, f(0)=4, f(1)=5, f(2)=6.\nAnswer: 13", False),
    ],
)
def test_tried_values_are_no_derivation(text: str, guessed: bool) -> None:
    assert score_text(make_problem(*STEPS, answer=NUMBER), text).guess_suspected is guessed


@pytest.mark.parametrize(
    ("text", "guessed"),
    [
        ("1+1 = 2, 4+2 = 6, 9+3 = 12, 16+4 = 20, 25+5 = 30.\nAnswer: $n^2+n$", True),
        ("u = n+1.\nv = n^2.\nw = v+n.\nu-1 = n.\nw-n = v.\nAnswer: $n^2+n$", False),
    ],
)
def test_numbers_derive_no_formula(text: str, guessed: bool) -> None:
    assert score_text(make_problem(*STEPS, answer=FORMULA), text).guess_suspected is guessed


@pytest.mark.parametrize(
    ("text", "guessed"),
    [
        ("√3≈1.732, √12≈3.464, 1.732+3.464=5.196, 5.196≈3√3, √27≈5.196.\nAnswer: $3\\sqrt3$", True),
        ("√12=2√3, √3+2√3=3√3, 9*3=27, √27=3√3, 3*√3=√27.\nAnswer: $3\\sqrt3$", False),
    ],
)
def test_decimals_derive_no_exact_root(text: str, guessed: bool) -> None:
    root = {"kind": "value", "any_of": ["3\\sqrt3"]}
    assert score_text(make_problem(*STEPS, answer=root), text).guess_suspected is guessed


def test_words_alone_show_nothing_where_no_relation_stands() -> None:
    words = [{"words": {"en": [word]}} for word in ("symmetry", "recursion")]
    problem = make_problem(*words, {"eq": "x = 101"}, answer=NUMBER)

    named = score_text(problem, "By symmetry and recursion.\nAnswer: 13")
    shown = score_text(problem, "By symmetry and recursion u=5.\nAnswer: 13")
    whole = score_text(
        make_problem(*words, answer=NUMBER), "By symmetry and recursion.\nAnswer: 13"
    )

    assert (named.steps_done, named.guess_suspected) == (2, True)
    assert (shown.steps_done, shown.guess_suspected) == (2, False)
    assert (whole.steps_done, whole.guess_suspected) == (2, False)


def test_guesses_of_the_labelled_answers_are_flagged() -> None:
    answers = load_labelled(SHIPPED.parent / "labelled" / "guesses", load_set("core")).answers
    pairs = [
        (marks_of(answer, answer.truth).guess, score_text(answer.problem, answer.text))
        for answer in answers
    ]

    found = [true for true, score in pairs if score.guess_suspected]
    assert len(answers) == 100
    assert sum(found) / len(found) >= 0.95
    assert sum(found) / sum(true for true, _ in pairs) >= 0.92
