"""Hostile replies are judged in bounded processor time, and the same each time."""

from __future__ import annotations

import random
import time

import pytest

from problems.schema import Problem
from scoring.final_answer.equivalence.math_verify import shared
from scoring.final_answer.judge import judge_text
from tests.scoring.final_answer.making import value

SIZE = 100_000
LIMIT_S = 2.0
PROBLEMS = (
    value("12", "How many apples are there?"),
    value("\\{1,2\\}", "Solve it.", kind="set"),
    value("[2,5)", "Find the domain.", kind="interval"),
    value("x^2+1", kind="expr"),
)
_RANDOM = random.Random(7)  # noqa: S311  # a fixed text, no secret
HOSTILE = {
    "digits": "".join(_RANDOM.choice("0123456789") for _ in range(5000)),
    "brackets": "(" * 500 + "1" + ")" * 500,
    "dollars": "$1 " * 1000,
    "open": "((((" * 1000,
    "spaces": "1" + " " * SIZE + "2",
    "commas": "1," * (SIZE // 2),
    "braces": "{" * SIZE,
    "fractions": "\\frac{" * 5000,
    "powers": "9^" * 5000 + "9",
    "and": "one hundred and " * 5000,
    "chinese": "三千分之一又" * 5000,
    "equals": "".join(f"x = {_RANDOM.randrange(999)} = " for _ in range(8000)),
    "sentences": "".join(f"So {_RANDOM.randrange(999)} apples. " for _ in range(6000)),
    "list": "".join(f"{_RANDOM.randrange(999)}, " for _ in range(15000)),
    "letters": "".join(_RANDOM.choice("abcx1 +-=(){}[]$\\,.") for _ in range(SIZE)),
    "boxes": "\\boxed{" * 10000,
    "tags": "<think>" * 10000,
    "lines": "- 1\n" * 20000,
}


@pytest.fixture(scope="module", autouse=True)
def _started() -> None:
    """Start math-verify's process before anything is timed."""
    shared().equal("1", "1")


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("lead", ["", "So the answer is x = 1. "])
def test_hostile_reply_is_bounded(name: str, lead: str) -> None:
    for problem in PROBLEMS:
        begun = time.process_time()
        judge_text(problem, lead + HOSTILE[name])

        assert time.process_time() - begun < LIMIT_S


def test_end_of_a_long_reply_is_found() -> None:
    steps = "".join(f"Step {n}: {n} + 1 = {n + 1}.\n" for n in range(5000))

    assert judge_text(PROBLEMS[0], steps + "So there are 12 apples.").right is True
    assert judge_text(PROBLEMS[0], steps + "So there are 13 apples.").right is False


@pytest.mark.parametrize("problem", PROBLEMS)
def test_verdict_is_the_same_each_time(problem: Problem) -> None:
    replies = ["I get 12.", "\\boxed{\\{2,1\\}}", "2 <= x < 5", "x*x + 1"]

    first = [judge_text(problem, reply).right for reply in replies]

    assert first == [judge_text(problem, reply).right for reply in replies]
