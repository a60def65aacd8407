"""What only looks different becomes the same text."""

from __future__ import annotations

import pytest

from scoring.final_answer.spelling.writing import in_point_notation, one_spelling


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("\\dfrac{1}{2}", "\\frac{1}{2}"),
        ("$\\text{27}$", "27"),
        ("-oo", "-∞"),
        ("(-oo, 1) U (4, oo)", "(-∞, 1)∪(4, ∞)"),
        ("3 x 2.50", "3* 2.50"),
        ("costs $5 and $6", "costs 5 dollars and 6 dollars"),
        ("\\$1{,}450", "1450 dollars"),
        ("$10 + $8 = $18", "10 + 8 = 18 dollars"),
        ("$x = 5$", "x = 5"),
        ("27</s>", "27"),
    ],
)
def test_one_spelling(written: str, spelled: str) -> None:
    assert one_spelling(written).replace(" ", "") == spelled.replace(" ", "")


def test_commas_of_a_set_stay() -> None:
    assert one_spelling("1,600", commas=False) == "1, 600"
    assert one_spelling("1,600") == "1600"


@pytest.mark.parametrize(
    ("stated", "text", "statement", "read"),
    [
        ("1.157,63", "It is 1.157,63.", "1000", "1157.63"),
        ("12.400", "15.500 - 3.100 = 12.400", "It costs $15,500.", "12400"),
        ("12.400", "It is 12.400 exactly.", "It costs $9.", "12.400"),
        ("2,5", "7.5 / 3 = 2.5, so 2,5", "A plank of 7.5 m", "2.5"),
        ("2,5", "x is 2,5", "Solve it.", "2,5"),
    ],
)
def test_decimal_commas_are_read_where_the_text_shows_them(
    stated: str, text: str, statement: str, read: str
) -> None:
    assert in_point_notation(stated, text, statement) == read
