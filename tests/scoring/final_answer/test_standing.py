"""A result that a text goes on behind: reasons, checks, remarks, other cases."""

from __future__ import annotations

import time

import pytest

from scoring.final_answer.judge import judge_text
from tests.scoring.final_answer.making import problem, value

FIND = "Find the sum S of the series."
HALF_PI = {"kind": "value", "any_of": [r"\frac{\pi}{2}"]}


@pytest.mark.parametrize(
    "reply",
    [
        # first, with its reasons behind
        "π/2. Why: the residue at 0 is 1, and there are 4 of them.",
        "S = π/2, because S_1 = 1, S_2 = 3/2 and so on up to 12 terms.",
        "级数和是二分之π。依据：在 x=0 处 f=1，取 n=3。",
        # in the middle, with checks and remarks behind
        "The terms fall, so S = π/2. Check: S_3 = 1.52, close to 1.5708.",
        "S = 2·(π/4) = π/2. For large n the remainder is about 1/n.",
        "所以 S = π/2。若从 n=2 开始，则是 π/2 - 1。",
        "Hence S = π/2. If the sign alternated, it would be 0.69.",
        # a calculation whose name the question does not have, another quantity behind it
        "J = 4·(π/8) = π/2. n=1 gives J_1 = 3.",
        "S 等于 π/2（负的那个舍去）。例如 n=1 时为 1。",
    ],
)
def test_a_result_stands_before_what_only_comments_on_it(reply: str) -> None:
    assert judge_text(problem(HALF_PI, FIND), reply).right is True


@pytest.mark.parametrize(
    "reply",
    [
        # taken back
        "S = π/2. Wait, a factor is missing: S = π.",
        "S = π/2，不对，漏了系数，S = π。",
        # another value for the same behind it
        "S = π/2 for the first part, so the sum is 3π/2.",
        "J = π/2, K = π, so S = J + K = 3π/2.",
        "The terms give S = π/2. Adding the first one, S = π/2 + 1.",
        # supposed, denied, said by others, a check or a bound
        "If n were even, S = π/2 would follow. Here it is 1.",
        "S is not π/2. It is 1.",
        "A friend says S = π/2. I get 1.",
        "Check S = π/2: 1 + 1/2 = 1.5. No match, 2.",
        # something else has that value
        "The angle is π/2, so the sum is 4.",
    ],
)
def test_a_value_that_is_not_the_result_does_not_stand(reply: str) -> None:
    assert judge_text(problem(HALF_PI, FIND), reply).right is not True


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        ("The least cost is 120 yuan because 2 counters wait 4 hours.", True),
        ("2 个窗口费用 150 元、3 个窗口费用 120 元：最小费用是 120 元。", True),
        ("The least cost is 120 yuan with 2 counters, so the whole cost is 240 yuan.", False),
        ("The least cost is 150 yuan, attained for 120.", False),
    ],
)
def test_a_number_within_the_last_sentence_needs_its_name(reply: str, *, right: bool) -> None:
    statement = "Find the least cost per hour in yuan. 求每小时最小费用。"
    assert (judge_text(value("120", statement), reply).right is True) == right


@pytest.mark.parametrize(
    ("reference", "reply"),
    [
        (r"\frac{18}{5}", "最小值是 3 又 3/5。"),
        (r"-\frac{12}{5}", "tan α 等于负的五分之十二。"),
        (r"\frac{3\sqrt{14}}{7}", "The distance is three sevenths of √14."),
        (r"\frac{\pi}{2}", "π 除以 2"),
    ],
)
def test_values_in_words_are_read(reference: str, reply: str) -> None:
    assert judge_text(value(reference, "Find the value."), reply).right is True


def test_a_hostile_text_is_judged_in_time() -> None:
    texts = ["得 " * 4000, "and " * 4000 + "is", "（" * 4000, "S = " * 3000, "一二三四五" * 2000]
    began_s = time.monotonic()
    for text in texts:
        assert judge_text(problem(HALF_PI, FIND), text).right is not True
    assert time.monotonic() - began_s < 20
