"""Rational arithmetic is exact and bounded."""

from __future__ import annotations

from fractions import Fraction

import pytest

from scoring.final_answer.forms.exact import exact


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("\\frac{1}{3^{4}}", Fraction(1, 81)),
        ("2^{90}-1", Fraction(2**90 - 1)),
        ("5!", Fraction(120)),
        ("\\binom{9}{4}", Fraction(126)),
        ("0.1+0.2", Fraction(3, 10)),
        ("(1+1/2)*4", Fraction(6)),
    ],
)
def test_value(written: str, value: Fraction) -> None:
    assert exact(written) == value


@pytest.mark.parametrize("written", ["x", "\\pi", "1/0", "9^9^9^9", "99999!", "(" * 99, "1+", ""])
def test_other_texts_have_none(written: str) -> None:
    assert exact(written) is None
