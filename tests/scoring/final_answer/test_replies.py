"""The rates of right and wrongly right verdicts on whole replies to the shipped problems.

The replies state their result first, in the middle, in words or with remarks behind it. Builders
have read those of ``dev`` and ``dev2`` and none of the others; the rates hold what was reached.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from problems.loader import SHIPPED, ProblemSet, load_set
from scoring.final_answer.judge import judge_text

REPLIES = Path(__file__).parent / "replies"


@cache
def shipped() -> ProblemSet:
    """Return the shipped problems."""
    return load_set(SHIPPED)


@pytest.mark.parametrize(
    ("name", "found", "false_right"),
    [("dev", 0.72, 0.0), ("dev2", 0.69, 0.0), ("test", 0.58, 0.03), ("test_2", 0.6, 0.06)],
)
def test_results_are_found_where_replies_go_on_behind_them(
    name: str, found: float, false_right: float
) -> None:
    problems = {problem.id: problem for problem in shipped().problems}
    said: dict[bool, list[bool]] = {True: [], False: []}
    for line in (REPLIES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        reply = json.loads(line)
        problem = problems[reply["problem"]]
        if problem.answer.kind != "rubric":
            said[reply["expected"]].append(judge_text(problem, reply["reply"]).right is True)
    assert sum(said[True]) / len(said[True]) >= found
    assert sum(said[False]) / len(said[False]) <= false_right
