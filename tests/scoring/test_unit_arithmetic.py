"""Arithmetic with units, money and the letter x for times, as word problems are worked."""

from __future__ import annotations

import pytest

from scoring.score import score_text
from tests.support.problems import make_problem

X = {"x": {"type": "real", "min": 0.5, "max": 3}}


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("3*68 = 204", "The doughnuts were 3 x $68 = $204."),
        ("140-14 = 126", "She paid $140-$14 = $126 each month, in all $840."),
        ("9*2/3 = 6", "9 hours * 2/3 = 6 hours"),
        ("60/3 = 20", "60 elves / 3 = 20 elves"),
        ("200*0.4 = 80", "200 GB * 40% = 80 GB"),
        ("20*35 = 700", "She earns $20/hour * 35 hours/week = $700/week"),
        ("20*20/100 = 4", "There are 20 x 20/100 = 4 students."),
        ("2*1 = 2", "They sent 2 teams * 1 coach per team = 2 coaches"),
        ("8*7 = 56", "8 slices of pizza x 7 = 56 slices"),
        ("12-4 = 8", "12 miles - 4 miles = 8 miles"),
        ("2*60 = 120", "2 hours * 60 minutes/hour = 120 minutes"),
        ("3*15 = 45", "3个苹果×15元=45元"),
        ("9*4 = 36", "9 小时 × 4 = 36 小时"),
        ("12*15 = 180", "$12 \\text{ cups} \\times 15 = 180 \\text{ yuan}$"),
        ("5*16 = 80", "5 * $16 = \\$80"),
        ("5*2016 = 10080", "$5 \\times 2016 = 10,\\!080$"),
        ("80*25/100 = 20", "25% of 80 = 20"),
        ("2*9/3 = 6", "2/3 of 9 = 6"),
        ("6-2 = 4", "It has a 6-2=4 inch height"),
        ("60/4 = 15", "he needs 60, so that's 60/4 = 15 packs"),
        ("3*7 = 21", "¥3 x 7 = ¥21"),
    ],
)
def test_numbers_meet_over_their_units(wanted: str, text: str) -> None:
    assert score_text(make_problem({"eq": wanted}), text).steps[0].verdict == "done"


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("3*68 = 204", "3 x $68 = $214."),
        ("9*2/3 = 6", "9 hours * 2/3 = 7 hours"),
    ],
)
def test_false_arithmetic_with_units_is_wrong(wanted: str, text: str) -> None:
    assert score_text(make_problem({"eq": wanted}), text).steps[0].verdict == "wrong"


@pytest.mark.parametrize(
    "text",
    [
        "3 km + 200 m = 3200 m, so 3200",
        "3 km/h * 20 min = 1 km; hence 3200",
        "The total for 12 people = 3200",
        "1 hour = 60 minutes, so 3200",
        "250 of the books - 135 sold books - 50 unsold books = 65; 3200",
        "在 x=2 处取极小值 -2, 3200",
        "At 2 metres -3200 is wrong, 3200",
    ],
)
def test_numbers_that_only_units_make_true_are_no_false_arithmetic(text: str) -> None:
    assert score_text(make_problem({"value": "3200"}), text).steps[0].verdict == "done"


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("x = 5", "It costs $5 and $x=5$."),
        ("x = 5", "$5$ cups, $20$ yuan and $x=5$"),
        ("2x+3 = 7", "We have $2x+3 = 7$, so $2$ it is."),
        ("3x = 6", "$$3x = 6$$"),
        ("3x = 6", "Here $3x = 6 $ holds, and $9x$ is 18."),
        ("2x = 4", "2 x = 4"),
    ],
)
def test_formulas_between_dollars_stay_formulas(wanted: str, text: str) -> None:
    assert score_text(make_problem({"eq": wanted}, variables=X), text).steps[0].verdict == "done"


def test_evidence_with_money_is_cut_out_of_the_original() -> None:
    text = "First: 3 x $68 = $204. Done."
    step = score_text(make_problem({"eq": "3*68 = 204"}), text).steps[0]
    assert step.start is not None
    assert text[step.start : step.end] == step.evidence_text
    assert "68" in step.evidence_text
