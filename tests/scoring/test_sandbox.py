"""The math-verify worker: right on sets and intervals, bounded on everything else, replaced when late."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from scoring.final_answer.math_verify import MathVerify


@pytest.fixture(scope="module")
def worker() -> Iterator[MathVerify]:
    made = MathVerify()
    yield made
    made.close()
    assert made.pid is None


@pytest.mark.parametrize(
    ("gold", "answer", "equal"),
    [
        ("\\{1,2\\}", "\\{2,1\\}", True),
        ("\\{1,2\\}", "\\{1,3\\}", False),
        ("[0,1)", "[0,1)", True),
        ("[0,1)", "[0,1]", False),
        ("(0,1)\\cup(2,3)", "(2,3)\\cup(0,1)", True),
    ],
)
def test_compares_sets_and_intervals(
    worker: MathVerify, gold: str, answer: str, equal: bool
) -> None:
    assert worker.equal(gold, answer) is equal


def test_late_worker_is_replaced_and_answers_again(worker: MathVerify) -> None:
    assert worker.equal("1", "1") is True
    before = worker.pid
    begun = time.monotonic()
    assert worker.equal("99999999!", "1") is None
    assert time.monotonic() - begun < 3
    assert worker.pid not in (None, before)
    assert worker.equal("\\{1,2\\}", "\\{2,1\\}") is True


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').getpid()",
        "\\sqrt{" * 400 + "2" + "}" * 400,
        "x" * 5000,
        "",
        "\\frac{",
        "\x00\n\r",
    ],
)
def test_hostile_text_is_not_equal(worker: MathVerify, text: str) -> None:
    assert worker.equal("\\{1,2\\}", text) is not True
    assert worker.equal("1", "1") is True
