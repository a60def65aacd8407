"""What a prompt style adds: paired by problem, with the spread of wordings and the steps."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console
from scipy import stats

from reports.results.prompt_effects import base_style, changed_steps, prompt_effects
from reports.tables.prompts import prompt_tables, step_table


def means(prompt: str, *scores: float | None, model: str = "a") -> list[dict[str, Any]]:
    return [
        {"model": model, "prompt": prompt, "category": "secondary", "problem": f"p{number}",
         "score7": score}
        for number, score in enumerate(scores) if score is not None
    ]  # fmt: skip


def step(prompt: str, name: str, pairs: int, gained: int, lost: int) -> dict[str, Any]:
    return {
        "model": "a", "category": "secondary", "problem": "p0", "base": "plain", "prompt": prompt,
        "path": "main", "step": name, "pairs": pairs, "gained": gained, "lost": lost,
    }  # fmt: skip


def test_an_effect_is_paired_by_problem_with_students_interval() -> None:
    rows = [*means("plain", 4.0, 5.0, 6.0, 7.0), *means("stepwise", 5.0, 5.5, 6.0, None)]
    (effect,) = prompt_effects(rows)
    wanted = stats.ttest_1samp([1.0, 0.5, 0.0], 0).confidence_interval()

    assert (effect["base"], effect["style"], effect["category"]) == (
        "plain", "stepwise", "secondary",
    )  # fmt: skip
    assert (effect["problems"], effect["of"]) == (3, 4)
    assert effect["difference"] == pytest.approx(0.5)
    assert effect["uplift_pct"] == pytest.approx(10.0)
    assert (effect["ci_low"], effect["ci_high"]) == pytest.approx((wanted.low, wanted.high))
    assert effect["wording_spread"] is None


def test_wordings_are_averaged_and_their_spread_stands_beside_the_effect() -> None:
    rows = [
        *means("plain", 4.0, 4.0), *means("plain/2", 5.0, 4.0),
        *means("stepwise", 6.0, 5.0), *means("stepwise/2", 4.0, 5.0),
        *means("stepwise/3", 5.0, 5.0),
    ]  # fmt: skip
    (effect,) = prompt_effects(rows)
    assert effect["base_score7"] == pytest.approx(4.25)
    assert effect["score7"] == pytest.approx(5.0)
    assert effect["difference"] == pytest.approx(0.75)
    assert (effect["wordings"], effect["wording_spread"]) == (3, pytest.approx(1.0))
    assert effect["base_wording_spread"] == pytest.approx(0.5)


def test_a_spread_is_over_the_problems_that_all_wordings_have() -> None:
    rows = [
        *means("plain", 4.0, 4.0),
        *means("stepwise", 6.0, 1.0),
        *means("stepwise/2", 6.0, None),
    ]
    assert prompt_effects(rows)[0]["wording_spread"] == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("prompts", "base"),
    [
        (["stepwise", "plain"], "plain"),
        (["three-step/2", "stepwise"], "three-step"),
        ([], "plain"),
    ],
)
def test_the_base_is_plain_or_the_first(prompts: list[str], base: str) -> None:
    assert base_style(prompts) == base


def test_one_style_has_no_effect_and_a_base_of_zero_no_uplift() -> None:
    assert prompt_effects([*means("plain", 1.0), *means("plain/2", 2.0)]) == []
    (effect,) = prompt_effects([*means("plain", 0.0), *means("stepwise", 2.0)])
    assert (effect["uplift_pct"], effect["ci_low"]) == (None, None)


def test_steps_of_all_wordings_count_and_the_largest_change_stands_first() -> None:
    steps = [
        step("stepwise", "s1", 3, 1, 0), step("stepwise/2", "s1", 3, 0, 1),
        step("stepwise", "s2", 3, 0, 3), step("stepwise", "s3", 3, 0, 0),
        step("plain/2", "s1", 3, 3, 0),
    ]  # fmt: skip
    changed = changed_steps(steps)
    shown = [(row["step"], row["gained"], row["lost"], row["pairs"]) for row in changed]
    assert shown == [("s2", 0, 3, 3), ("s1", 1, 1, 6)]
    (effect,) = prompt_effects([*means("plain", 1.0), *means("stepwise", 2.0)], steps)
    assert (effect["steps"], effect["gained"], effect["lost"]) == (12, 1, 4)


def test_the_tables_cut_nothing_at_80_columns() -> None:
    models = ["Qwen3-4B-Instruct-2507-AWQ", "DeepSeek-R1-Distill-Qwen-7B"]
    rows = [
        row
        for model in models
        for prompt, scores in {
            "plain": (4.0, 5.0), "three-step": (5.0, 5.5), "three-step/2": (5.0, 5.0),
        }.items()
        for row in means(prompt, *scores, model=model)
    ]  # fmt: skip
    steps = [step("three-step", "s1", 3, 1, 0) | {"model": model} for model in models]
    screen = io.StringIO()
    console = Console(file=screen, width=80)
    for table in prompt_tables(prompt_effects(rows)):
        console.print(table)
    console.print(step_table(changed_steps(steps)))
    text = screen.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert "wordings of three-step lie 0.25 apart." in " ".join(text.split())
    for figure in ("4.50", "5.12", "+0.62", "+13.9", "2 of 2", "-4.14 to +5.39"):
        assert figure in text


def test_the_table_says_where_the_choice_of_words_does_as_much() -> None:
    def caption(*styles: list[dict[str, Any]]) -> str:
        rows = [row for style in styles for row in style]
        return str(prompt_tables(prompt_effects(rows))[-1].caption)

    stepwise = [*means("stepwise", 5.0, 5.0), *means("stepwise/2", 5.2, 5.2)]
    words = "no larger than the choice of words"
    assert words not in caption(means("plain", 4.0, 4.0), stepwise)
    assert words in caption(means("plain", 5.0, 5.0), stepwise)
    assert words in caption([*means("plain", 3.0, 3.0), *means("plain/2", 5.0, 5.0)], stepwise)
