"""Patterns that are tried only where one of their words stands."""

from __future__ import annotations

import pytest

from scoring.final_answer.extraction.guarded import guarded

CALLED = guarded(
    (("wrong", "an error"), r"\bis WORDS\b"),
    (("错",), r"\dWORDS"),
)


def test_any_alternative_is_found_in_any_case() -> None:
    assert [m.group() for m in CALLED.all("It is Wrong, 7错, and that is an error.")] == [
        "is Wrong",
        "7错",
        "is an error",
    ]


def test_a_word_alone_is_no_match() -> None:
    assert CALLED.may_match("wrong") is True
    assert CALLED.search("wrong") is None


def test_without_a_word_nothing_is_tried() -> None:
    assert CALLED.may_match("It is right.") is False
    assert CALLED.all("It is right.") == []


@pytest.mark.parametrize(("word", "pattern"), [("wrong", "is wrong"), ("Wrong", "is WORDS")])
def test_words_and_pattern_must_fit(word: str, pattern: str) -> None:
    with pytest.raises(ValueError, match="WORDS"):
        guarded(((word,), pattern))
