"""Words that state a set of numbers or an answer."""

from __future__ import annotations

import pytest

from scoring.final_answer.forms.form import Form, Several, Span, Spans, Words
from scoring.final_answer.reading.orders import in_order_words
from scoring.final_answer.reading.words import phrase, predicate

REALS = Spans((Span("-∞", "∞", low_in=False, high_in=False),))


def spans(*ends: tuple[str, str]) -> Spans:
    """Return a union of open intervals."""
    return Spans(tuple(Span(low, high, low_in=False, high_in=False) for low, high in ends))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("there is no real solution", Several(())),
        ("all real numbers", REALS),
        ("all real numbers except 2", spans(("-∞", "2"), ("2", "∞"))),
        ("D = ℝ ∖ {2, -1}", spans(("-∞", "-1"), ("-1", "2"), ("2", "∞"))),
        ("all real numbers greater than 3", None),
        ("there are 3 solutions", None),
    ],
)
def test_phrase(text: str, form: Form | None) -> None:
    assert phrase(text) == form


@pytest.mark.parametrize(
    ("text", "low", "high", "low_in", "high_in"),
    [
        ("x is at least 0 and strictly less than 1", "0", "1", True, False),
        ("greater than 3", "3", "∞", False, False),
        ("strictly between -3 and 3", "-3", "3", False, False),
        ("between 1 and 4 inclusive", "1", "4", True, True),
    ],
)
def test_bounds_in_words(text: str, low: str, high: str, low_in: bool, high_in: bool) -> None:
    found = in_order_words(text)

    assert isinstance(found, Spans)
    assert found.spans == (Span(low, high, low_in=low_in, high_in=high_in),)


def test_between_alone_does_not_say_whether_the_ends_belong() -> None:
    assert in_order_words("between 1 and 4") is None


@pytest.mark.parametrize(
    ("text", "wanted", "statement", "said"),
    [
        ("it's an ellipse – not a circle", "ellipse", "What is it?", "ellipse"),
        ("the function is odd (not even)", "odd", "Is f even, odd, or neither?", "odd"),
        ("the prize belongs to Ann", "Ann", "Then Ann ran and Bob sat.", "Ann"),
        ("Ann is slower than Bob", "Bob", "Then Ann ran and Bob sat.", "Ann"),
    ],
)
def test_predicate(text: str, wanted: str, statement: str, said: str) -> None:
    assert predicate(text, Words(wanted), statement) == Words(said)
