"""The math-verify process: right on sets and intervals, bounded by work, never by time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from scoring.final_answer.equivalence.math_verify import (
    STALLED_AFTER_S,
    MathVerify,
    MathVerifyError,
    shared,
)
from scoring.score import score_text
from tests.support.problems import make_problem


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


def test_question_that_takes_too_much_work_is_unknown(worker: MathVerify) -> None:
    assert worker.equal("99999999!", "1") is None
    assert worker.equal("\\{1,2\\}", "\\{2,1\\}") is True


def test_process_that_was_killed_is_replaced(worker: MathVerify) -> None:
    assert worker.equal("1", "1") is True
    before = worker.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    assert worker.equal("1", "1") is True
    assert worker.pid not in (None, before)


def test_process_that_was_stopped_is_an_error_and_no_verdict(worker: MathVerify) -> None:
    assert worker.equal("1", "1") is True
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    worker.stalled_after_s = 0.2
    with pytest.raises(MathVerifyError, match="was stopped"):
        worker.equal("1", "1")
    worker.stalled_after_s = STALLED_AFTER_S
    assert worker.equal("1", "1") is True


@pytest.fixture
def _busy_machine() -> Iterator[None]:
    """Sixteen processes that do nothing but use up processor time."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(16)]
    yield
    for loop in loops:
        loop.kill()
        loop.wait()


@pytest.mark.usefixtures("_busy_machine")
def test_busy_machine_changes_no_verdict() -> None:
    answer = {"kind": "interval", "any_of": ["(-\\infty, 6)"]}
    problem = make_problem({"words": {"en": ["never said"]}}, answer=answer)
    shared().close()
    for written, expected in (("(-\\infty,6)", True), ("(-\\infty,6]", False)) * 3:
        score = score_text(problem, f"We check the rest.\n\n$\\boxed{{{written}}}$")
        assert score.answer_correct is expected


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
