"""What the report's sentences say of a run's size, of a difference, of times and of a choice."""

from __future__ import annotations

from typing import Any

import pytest

from reports.page.summary import summary


def said(**row: Any) -> str:
    compared = {
        "metric": "score7", "category": None, "model_a": "one", "model_b": "two", "n": 6,
        "a": 2.8, "b": 2.8 + row["difference"], **row,
    }  # fmt: skip
    sides = {"a": {"model": "one", "run": 1}, "b": {"model": "two", "run": 1}}
    found = summary(
        models=[],
        overall=[{"model": "one", "score7": 2.8, "prompt": "plain"}],
        comparison={"metrics": [compared], "comparisons": [sides]},
        recommendation=None,
        resources=[],
        answers=0,
    )
    return found[1]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {"difference": -2.8, "ci_low": -4.8, "ci_high": -0.8, "p_value": 0.19,
             "finding": "no difference"},
            ("one is ahead, but that may be chance", "adjusted p 0.19"),
        ),
        (
            {"difference": 2.8, "ci_low": 0.8, "ci_high": 4.8, "p_value": 0.19,
             "finding": "no difference"},
            ("two is ahead, but that may be chance", "adjusted p 0.19"),
        ),
        (
            {"difference": -0.5, "ci_low": -4.8, "ci_high": 0.8, "p_value": 1.0,
             "finding": "no difference"},
            ("neither is shown to derive more",),
        ),
        (
            {"difference": -2.8, "ci_low": -4.8, "ci_high": -0.8, "p_value": 0.01,
             "finding": "worse"},
            ("one derives more (",),
        ),
        (
            {"difference": 2.8, "ci_low": 0.8, "ci_high": 4.8, "p_value": 0.01,
             "finding": "better"},
            ("two derives more (",),
        ),
        (
            {"difference": 0.0, "ci_low": -0.4, "ci_high": 0.4, "p_value": 1.0,
             "finding": "no difference"},
            ("one shows 2.80 and two 2.80: they show the same (95", "6 problems)"),
        ),
    ],
)  # fmt: skip
def test_a_sentence_claims_what_the_test_shows(row: dict[str, Any], words: tuple[str, ...]) -> None:
    sentence = said(**row)

    assert all(word in sentence for word in words), sentence


@pytest.mark.parametrize(
    ("ttft_ms", "e2e_s", "words"),
    [
        (115.4, 1.94, "one: first token after 115 ms, 1.94 s an answer"),
        (0.12, 0.0003, "one: first token after less than 1 ms, less than 0.01 s an answer"),
        (0.6, 0.006, "one: first token after 1 ms, 0.01 s an answer"),
        (None, None, ""),
    ],
)
def test_no_time_reads_as_zero(ttft_ms: float | None, e2e_s: float | None, words: str) -> None:
    line = {"model": "one", "prompt": "plain", "mode": "latency", "need_mib": None,
            "ttft_ms": ttft_ms, "e2e_s": e2e_s}  # fmt: skip
    sentences = summary(
        models=[], overall=[], comparison=None, recommendation=None, resources=[line], answers=0
    )
    assert [one for one in sentences if "token" in one] == (
        [f"In latency mode {words}."] if words else []
    )


def models(*lines: tuple[int, int, int, int]) -> list[dict[str, int]]:
    """Return lines of models: problems, prompts, repetitions and the jobs that succeeded."""
    return [
        {"problems": problems, "prompts": prompts, "repetitions": repetitions,
         "jobs": problems * prompts * repetitions, "succeeded": succeeded}
        for problems, prompts, repetitions, succeeded in lines
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            [(62, 2, 2, 248), (62, 2, 2, 248)],
            "2 models answered 62 problems with 2 prompts, 2 times each (496 answers).",
        ),
        ([(1, 1, 1, 1)], "1 model answered 1 problem, once each (1 answer)."),
        (
            [(6, 1, 3, 16)],
            "1 model answered 6 problems, 3 times each (16 answers; 2 of 18 jobs have none).",
        ),
        (
            [(6, 1, 3, 18), (4, 1, 3, 12)],
            "2 models answered 6 problems, not all equally often (30 answers).",
        ),
    ],
)
def test_the_numbers_of_a_run_multiply_to_its_answers(
    lines: list[tuple[int, int, int, int]], words: str
) -> None:
    found = summary(
        models=models(*lines), overall=[], comparison=None, recommendation=None, resources=[],
        answers=sum(succeeded for *_, succeeded in lines),
    )  # fmt: skip
    assert found[0] == words


def test_a_choice_says_how_sure_it_is() -> None:
    one, two = ({"model": name, "prompt": "plain"} for name in ("one", "two"))
    answers = [
        {"priority": "rigorous", "choice": one, "shown": False, "tied": [two]},
        {"priority": "fastest", "choice": one, "shown": True, "tied": []},
        {"priority": "most-per-gpu", "choice": two, "shown": False, "tied": []},
        {"priority": "steady-cheap", "choice": None, "shown": False, "tied": []},
    ]
    *_, said = summary(
        models=[], overall=[], comparison=None, recommendation={"answers": answers}, resources=[],
        answers=0,
    )  # fmt: skip
    assert said == (
        "Recommended: one with the plain prompt (fastest). "
        "Ahead, but this run does not prove it: two with the plain prompt (most-per-gpu). "
        "As good as each other: one with the plain prompt and two with the plain prompt (rigorous)."
    )


def test_many_models_are_spoken_of_together() -> None:
    findings = {"two": (2.5, "no difference"), "three": (1.0, "worse"), "four": (0.5, "worse")}
    rows = [
        {"metric": "score7", "category": None, "model_a": "one", "model_b": name, "n": 6,
         "a": 2.8, "b": shown, "difference": shown - 2.8, "finding": finding}
        for name, (shown, finding) in findings.items()
    ]  # fmt: skip
    sides = [{"a": {"model": "one", "run": 1}, "b": {"model": name, "run": 1}} for name in findings]
    found = summary(
        models=[], overall=[{"model": "one", "score7": 2.8, "prompt": "plain"}],
        comparison={"metrics": rows, "comparisons": sides}, recommendation=None, resources=[],
        answers=0,
    )  # fmt: skip
    assert found[1] == (
        "Of 7 points for steps, one shows 2.80, two 2.50, three 1.00, four 0.50; "
        "beside one, three and four derive less, no other difference is shown."
    )
