"""The letters that a reply chooses."""

from __future__ import annotations

import pytest

from scoring.final_answer.choices import chosen, circled, is_circled, letters_of, lone_choice


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("B", "B"),
        ("(C) 12", "C"),
        ("A、C", "AC"),
        ("BD", "BD"),
        ("C A is too small", "C"),
        ("12", ""),
    ],
)
def test_letters_that_an_answer_begins_with(text: str, letters: str) -> None:
    assert chosen(text) == frozenset(letters)


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("A) 1/3\n\n(With 4 we would get B, 1/2.)", "A"),
        ("D looks right. Still I'd go with B.", "B"),
        ("选项C正确。否则容易误选 A。", "C"),
        ("B选项满足条件，其余都不满足。", "B"),
    ],
)
def test_choice_in_words(text: str, letter: str) -> None:
    found = lone_choice(text)

    assert found is not None
    assert found.text == letter


def test_references_without_letters_are_no_choice() -> None:
    assert letters_of("\\text{B, D}") == frozenset("BD")
    assert letters_of("12") == frozenset()


def test_circled_numbers() -> None:
    assert is_circled("①③")
    assert not is_circled("13")
    assert circled("①和③正确") == frozenset("①③")
    assert circled("①③正确，②是假的") == frozenset("①③")
