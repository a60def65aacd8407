"""Normalised text and its way back to the original."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.text.normalise import normalise
from scoring.text.renderings import latex, lite, plain, squeezed


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("x²", "x^2"),
        ("x¹⁰", "x^{10}"),
        ("aₙ₊₁", "a_{n+1}"),
        ("①", "①"),
        ("ｘ＋１", "x+1"),
        ("−3 – 4", "-3 - 4"),
        ("x**2", "x^2"),
        ("**73**", " 73 "),
        ("3 × 4 · 5", "3 × 4 * 5"),
        ("½x", "(1/2)x"),
        ("f′(x) = f’(x)", "f'(x) = f'(x)"),
        ("a\u200bb\u202ec", "abc"),
        ("x<sup>2</sup>", "x^{2}"),
        ("𝑥", "x"),
        ("x⩽1", "x≤1"),
        ("10㎝", "10cm"),
    ],
)
def test_one_spelling_per_sign(written: str, expected: str) -> None:
    assert normalise(written).text == expected


@pytest.mark.parametrize(
    ("original", "piece", "expected"),
    [
        ("设 ｘ＝１２ 则", "x=12", "ｘ＝１２"),
        ("a\u200b² + b² = 5", "b^2", "b²"),
        ("a₁₀ = 3", "a_{10}", "a₁₀"),
        ("½ + ½ = 1", "1", "1"),
    ],
)
def test_span_leads_back_to_the_original(original: str, piece: str, expected: str) -> None:
    made = normalise(original)
    at = made.text.rindex(piece)
    start, end = made.span(at, at + len(piece))
    assert original[start:end] == expected


@given(st.text(alphabet="ab1２²₃ⁿ½①，。$\\frac{}^_ \n\u200b\u202e×·*—", max_size=80))
def test_every_view_keeps_offsets_within_the_text(original: str) -> None:
    made = normalise(original)
    assert len(made.origin) == len(made.text) + 1
    assert list(made.origin) == sorted(made.origin)
    base = lite(made)
    for view in (base, squeezed(base), plain(base), latex(base)):
        assert len(view.origin) == len(view.text) + 1
        for at in range(len(view.text)):
            start, end = view.back(at, at + 1)
            assert 0 <= start <= end <= len(made.text)
