"""Prompt styles."""

from __future__ import annotations

import pytest

from problems.errors import ProblemError
from problems.loader import load_set
from problems.prompts import PROMPT_STYLES, render_prompt

PROBLEM = load_set("quickstart").problems[0]


@pytest.mark.parametrize("style", PROMPT_STYLES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_prompt_holds_the_statement(style: str, language: str) -> None:
    messages = render_prompt(PROBLEM, style, language)
    assert [role for role, _ in messages] == ["system", "user"]
    assert PROBLEM.statement[language].strip() in messages[1][1]


def test_stepwise_demands_what_plain_does_not() -> None:
    plain, stepwise = (str(render_prompt(PROBLEM, style, "en")) for style in PROMPT_STYLES)
    for demand in ("theorem", "Skip no step", "a line of its own"):
        assert demand in stepwise
        assert demand not in plain


def test_prompt_shows_neither_answer_nor_evidence() -> None:
    text = str(render_prompt(PROBLEM, "stepwise", "zh"))
    assert PROBLEM.answer.any_of[0] not in text
    assert all(
        block.text not in text for solution in PROBLEM.solutions for block in solution.blocks
    )


def test_unknown_style_and_language_are_refused() -> None:
    with pytest.raises(ProblemError, match="unknown prompt style"):
        render_prompt(PROBLEM, "shouted", "en")
    with pytest.raises(ProblemError, match="language"):
        render_prompt(PROBLEM, "plain", "fr")
