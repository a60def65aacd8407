"""Reasoning is set apart, long texts are bounded."""

from __future__ import annotations

import pytest

from scoring.final_answer.thinking import HEAD, TAIL, searched, visible


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>3</think>4", "4"),
        ("3</think>4", "4"),
        ("[THINK]3[/THINK]4", "4"),
        ("<|channel|>analysis<|message|>3<|channel|>final<|message|>4", "4"),
        ("It closes with `</think>` as said: 4", "It closes with `</think>` as said: 4"),
        ("<think>3", ""),
        ("4", "4"),
    ],
)
def test_reasoning_is_no_answer(text: str, answer: str) -> None:
    assert visible(text).text(text) == answer


def test_reasoning_opened_by_the_prompt_and_cut_off_holds_no_answer() -> None:
    cut = visible("so it is 4", finish_reason="length", prompt_opened=True)

    assert not cut.finished
    assert cut.text("so it is 4") == ""


def test_search_keeps_both_ends_and_cuts_repetitions() -> None:
    text = "first " + "".join(f"{n} apples. " for n in range(9000)) + "last"

    assert len(searched(text)) <= HEAD + TAIL + 1
    assert searched(text).startswith("first ")
    assert searched(text).endswith("last")
    assert searched("ab" * 5000) == "ab" * 20
    assert searched("x = 1, y = 2") == "x = 1, y = 2"
