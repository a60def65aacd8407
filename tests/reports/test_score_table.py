"""The score table: a range with its coverage where steps are undetermined, within 80 columns."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from reports.tables import score_table
from tests.support.results import printed


def row(model: str, **columns: Any) -> dict[str, Any]:
    values = {
        "model": model,
        "prompt": "stepwise",
        "category": "university",
        "problems": 20,
        "repetitions": 60,
        "score7": 4.2,
        "score7_min": 1.0,
        "score7_max": 7.0,
        "score7_high": 4.2,
        "coverage": 1.0,
    }
    return values | columns


def test_a_score_without_undetermined_steps_is_one_number() -> None:
    shown = printed([score_table([row("a")])])

    assert "4.20 (1.0..7.0)" in shown
    assert "cov" not in shown


def test_a_range_comes_with_its_coverage() -> None:
    shown = printed([score_table([row("a", score7_high=5.1, coverage=0.866)])])

    for part in ("4.20-5.10", "(1.0..7.0)", "cov. 87 %", "undetermined"):
        assert part in shown


def test_two_models_with_ranges_fit_into_80_columns() -> None:
    rows = [row(name, score7_high=5.1, coverage=0.5) for name in ("qwen3-4b", "deepseek-7b")]
    console = Console(width=80)
    with console.capture() as captured:
        console.print(score_table(rows))
    lines = captured.get().splitlines()

    assert max(map(len, lines)) <= 80
    assert sum(line.count("4.20-5.10") for line in lines) == 2, "not broken over lines"
    assert sum(line.count("cov. 50 %") for line in lines) == 2
