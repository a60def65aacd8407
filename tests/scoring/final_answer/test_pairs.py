"""The rates of right and wrongly right verdicts on pairs of a reference and a reply.

The judge was written against the pairs of ``dev`` to ``dev16``: their rates hold what was reached
and say little of new ones. Its builders read the pairs of no set named ``test_2`` or later.
``dev11`` was ``test`` up to version 1.11.0.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from problems.errors import ProblemError
from scoring.final_answer.judge import judge_text
from tests.scoring.final_answer.making import imported

PAIRS = Path(__file__).parent / "pairs"


def rates(name: str) -> tuple[float, float]:
    """Return the shares of verdicts that are right, and that call a wrong answer right."""
    seen: Counter[str] = Counter()
    for line in (PAIRS / f"{name}.jsonl").read_text().splitlines():
        pair = json.loads(line)
        try:
            right = judge_text(imported(pair), pair["reply"]).right
        except ProblemError:
            right = None
        seen["right"] += right == pair["expected"]
        seen["false right"] += right is True and not pair["expected"]
        seen["all"] += 1
    return seen["right"] / seen["all"], seen["false right"] / seen["all"]


@pytest.mark.parametrize(
    ("name", "right", "false_right"),
    [
        ("dev", 0.99, 0.005),
        ("dev2", 0.99, 0.005),
        ("dev3", 0.983, 0.005),
        ("dev4", 0.987, 0.005),
        ("dev5", 0.987, 0.002),
        ("dev6", 0.99, 0.005),
        ("dev7", 0.96, 0.005),
        ("dev8", 0.96, 0.01),
        ("dev9", 0.98, 0.0),
        ("dev10", 0.98, 0.0),
        ("dev11", 0.99, 0.0),
        ("dev12", 0.99, 0.0),
        ("dev13", 0.97, 0.0),
        ("dev14", 0.98, 0.0),
        ("dev15", 0.99, 0.0),
        ("dev16", 0.975, 0.0),
        ("test_2", 0.965, 0.01),
        ("test_3", 0.98, 0.0),
        ("test_4", 0.97, 0.01),
        ("test_5", 0.95, 0.005),
        ("test_6", 0.96, 0.005),
        ("test_7", 0.9, 0.025),
        ("test_8", 0.85, 0.035),
    ],
)
def test_rates_hold(name: str, right: float, false_right: float) -> None:
    share, wrongly = rates(name)

    assert share >= right
    assert wrongly <= false_right
