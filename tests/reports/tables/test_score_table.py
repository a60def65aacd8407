"""The score table: means beside medians, ranges, cut answers, and models without any result."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from reports.results.left_out import left_out_lines
from reports.tables.scores import score_tables
from tests.support.results import printed


def row(model: str, **columns: Any) -> dict[str, Any]:
    values = {
        "model": model,
        "prompt": "stepwise",
        "category": "university",
        "problems": 20,
        "repetitions": 60,
        "score7": 4.2,
        "score7_high": 4.2,
        "score7_mean": 3.8,
        "score7_high_mean": 3.8,
        "answer_accuracy": 0.75,
        "guess_rate": 0.1,
        "cut_share": 0.02,
        "context_cut_share": 0.0,
        "coverage": 1.0,
    }
    return values | columns


def test_a_line_answers_what_is_asked_of_a_model() -> None:
    shown = printed(score_tables([row("a")]))

    assert "a university 3.80 4.20 75 10 2 100 20 x 3" in shown
    assert "a range ends" not in shown


def test_a_range_comes_with_its_coverage() -> None:
    shown = printed(score_tables([row("a", score7_high_mean=5.1, coverage=0.866)]))

    assert "3.80-5.10 4.20 75 10 2 87" in shown
    assert "a range ends at the score with every undetermined step done" in " ".join(shown.split())


def test_a_model_without_results_stands_in_the_table() -> None:
    missing = [
        {"model": "b", "state": "dead", "jobs": 3, "reason": "no"},
        {"model": "b", "state": "queued", "jobs": 1, "reason": None},
        {"model": "a", "state": "failed", "jobs": 1, "reason": None},
    ]
    shown = printed(score_tables([row("a")], missing))

    assert "b no results - - - - - - -\n3 dead\n1 queued" in shown
    assert "1 failed" not in shown, "the other model has results"


def test_lines_of_parts_stand_beside_their_figures() -> None:
    long = "stationary distribution of a chain"
    rows = [row(name, part=part, by="topic", score7=score) for part in (long, "x")
            for name, score in (("a", 1.0), ("b", 2.0))]  # fmt: skip
    lines = printed(score_tables(rows)).splitlines()

    assert lines[0] == "Scores by topic, prompt stepwise"
    assert f"{long} a 3.80 1.00 75 10 2 100 20 x 3" in lines
    assert "b 3.80 2.00 75 10 2 100 20 x 3" in lines
    assert "x a 3.80 1.00 75 10 2 100 20 x 3" in lines


def test_two_models_with_ranges_fit_into_80_columns() -> None:
    rows = [row(name, score7_high_mean=5.1, coverage=0.5) for name in ("qwen3-4b", "deepseek-7b")]
    console = Console(width=80)
    with console.capture() as captured:
        for table in score_tables(rows):
            console.print(table)
    lines = captured.get().splitlines()

    assert max(map(len, lines)) <= 80
    assert sum(line.count("3.80-5.10") for line in lines) == 2, "not broken over lines"


def test_a_warning_says_which_limit_cut() -> None:
    def warned(**columns: Any) -> str:
        return " ".join(left_out_lines([], [row("a", **columns)]))

    assert warned(cut_share=0.05) == ""
    assert "6 % of the answers of a" in warned(cut_share=0.06)
    assert "raise --max-tokens" in warned(cut_share=0.06)
    by_context = warned(cut_share=0.1, context_cut_share=0.1)
    assert "all of them before max_tokens" in by_context
    assert "max_model_len" in by_context
    assert "50 % of them" in warned(cut_share=0.1, context_cut_share=0.05)
