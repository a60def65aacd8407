"""Loose final answers: short labels, remarks behind an answer and chains at the end of a text.

Each kind on both sides of the line.
"""

from __future__ import annotations

import pytest

from scoring.final_answer.judge import judge_text
from scoring.final_answer.results.asides import says_of_another_case
from scoring.final_answer.results.named import heads, is_named, is_pair_of_labels
from tests.scoring.final_answer.making import value

AREA = "过点 P 作曲线的两条切线。求这两条切线与 y 轴围成的三角形的面积。"
TOLL = (
    "A minute is worth 0.8 yuan. Finish with the bridge toll (yuan per car) that brings it about."
)
COST = "请决定开几个柜台，最后给出每小时最小总费用（元，保留两位小数）。"
COST_EN = "A centre opens counters. Finish with the least total cost per hour (yuan)."
SHARE = "疫苗能使 90% 的接种者免疫，但只够 60% 的居民。求减少接触的比例 q 的最小值。"
BOTH = "Find the greatest and the least value of y = cos 2x + 3 sin x for real x."
BOTH_ZH = "求函数 y = cos 2x + 3 sin x 的最大值与最小值。"
VOLUME = "Find the largest volume that such a cone can have."
SAVED = "Two plans are compared. Finish with the daily cost (yuan) that plan two saves."
SERIES = "Evaluate $\\sum_{n=1}^{\\infty}\\frac{1}{1+n^2}$."
INTEGRAL = "Evaluate $\\int_0^2\\left(\\int_{y/2}^{1}e^{x^2}\\,dx\\right)dy$."
PLANS = (
    "We scale the fleet so that every part of 3 is above its need, then multiply by 4 yuan. "
    "Carrying this out, plan two is cheaper, and the saving is 64 yuan a day."
)
COUNT = "用数字 0 到 7 可组成多少个大于 2000 且没有重复数字的四位偶数？"


@pytest.mark.parametrize(
    ("statement", "reference", "reply", "right"),
    [
        # A remark behind the answer that holds other numbers.
        (COST, "131.24", "3 个窗口，最低总费用 131.24 元/小时。2 个窗口排队太长。", True),
        (COST, "131.24", "最小总费用是 131.24 元。开 4 个窗口太贵，开 2 个不够。", True),
        (
            COST,
            "131.24",
            "3 个窗口，最低总费用 131.24 元/小时。2 个窗口更便宜，费用 120 元。",
            False,
        ),
        (COST, "131.24", "3 个窗口，最低总费用 131.24 元/小时。算错了，应为 130 元。", False),
        (COST, "131.24", "3 个窗口，最高总费用 131.24 元/小时。2 个窗口太多，用 90 元。", False),
        (COST, "131.24", "人工费 131.24 元。最低总费用 151.24 元，2 个窗口排队太长。", False),
        (COST, "131.24", "人工费 131.24 元，最低总费用 151.24 元。2 个窗口排队太长。", False),
        (TOLL, "4.8", "Toll: 4.8 yuan. That's 6 minutes at 0.8 yuan a minute.", True),
        (TOLL, "4.8", "Toll 4.8 yuan. A charge of 6 yuan is too high.", True),
        (TOLL, "6", "Toll: 4.8 yuan. That's 6 minutes at 0.8 yuan a minute.", False),
        (TOLL, "4.8", "Toll: 4.8 yuan. No, that's 6 yuan.", False),
        (TOLL, "4.8", "Toll: 4.8 yuan. That's 5 yuan when rounded.", False),
        (TOLL, "4.8", "Toll: 4.8 yuan. Or 6 yuan at 1 yuan a minute.", False),
        (TOLL, "4.8", "Delay: 4.8 minutes. That's 6 yuan at 0.8 minutes per yuan.", False),
        (TOLL, "4.8", "Delay: 4.8 minutes. Toll: 6 yuan.", False),
        (SHARE, "39.6135", "可以求出 q 最小约为 39.6135%。\n有效率只有80%时 q 会更大一些。", True),
        (SHARE, "39.6135", "q 最小约为 39.6135%。如果有效率是 80%，q 要变大。", True),
        (SHARE, "80", "可以求出 q 最小约为 39.6135%。\n有效率只有80%时 q 会更大一些。", False),
        (SHARE, "39.6135", "供应全用时 q 为 39.6135%。有效率只有80%时 q 的最小值是 46%。", False),
        (COST_EN, "131", "Least total cost 131 yuan per hour. 2 counters are too few for 6.", True),
        (
            COST_EN,
            "131",
            "Least total cost: 131. With 2 counters it is less than 131, at 120.",
            False,
        ),
        (COST_EN, "131", "Total cost 131. Counter 2 costs less than that: 120.", False),
        (COST_EN, "131", "Labour cost: 131 yuan. 4 counters are too dear; total 151.", False),
        (AREA, "18", "面积是 18。减去太小的 2 个角，得 16。", False),
        (AREA, "18", "底面积 18，高太长，为 20。", False),
        (AREA, "18", "一半的面积 18，太小，整个三角形 36。", False),
        (AREA, "18", "Area: 18.", True),
        ("求圆锥体积的最大值。", "20", "体积的最大值 18。20 太大。", False),
        (VOLUME, "18", "Largest volume 18. That is 2 times too small, giving 36.", False),
        # An extreme and where it is attained.
        ("求 a+b 的最小值。", "9", "$a+b\\ge 9$，等号 $a=3$，$b=6$。", True),
        ("求 a+b 的最小值。", "6", "$a+b\\ge 9$，等号 $a=3$，$b=6$。", False),
        ("求 a+b 的最小值。", "9", "由 $a+b\\ge 9$，等号不成立，所以最小值为 10。", False),
        ("Find the largest area S.", "16/25", "S ≤ 8/(8+9/2) = 16/25, at k=1.", True),
        ("Find the largest area S.", "1", "S ≤ 8/(8+9/2) = 16/25, at k=1.", False),
        ("At which x is f least?", "2", "f is least, f = 3, at x = 2.", True),
        # Substituted back: a check, or the other unknown.
        ("求 y 的值。", "3", "由第一式 x=2。\n代回第二式得 y=3，符合题意。", True),
        ("求 y 的值。", "2", "由第一式 x=2。\n代回第二式得 y=3，符合题意。", False),
        ("求 y 的值。", "3", "所以 y=3。代回：2+3=5，对。", True),
        # Calculations that go on in words.
        (COUNT, "340", "17×20=340, minus 20, leaves 320.", False),
        (COUNT, "320", "17×20=340, minus 20, leaves 320.", True),
        (COUNT, "340", "17×20 = 340, but 20 repeat, leaving 320.", False),
        (COUNT, "340", "17×20 = 340, then, 340 in total.", True),
        # Short labels.
        (AREA, "18", "一条是 y=2，三角形底为 18、高为 2，面积 18。", True),
        (AREA, "18", "一条是 y=2，三角形底为 18，面积是 18", True),
        (AREA, "18", "一条是 y=2，三角形底为 18、高为 4，面积 36。", False),
        (AREA, "18", "三角形面积 36，底 18。", False),
        (AREA, "18", "三角形面积 36，周长 18。", False),
        (AREA, "18", "一条是 y=2，面积 18 或面积 20。", False),
        (AREA, "18", "一条是 y=2，面积 18，不对，面积 20。", False),
        # Closing chains and what goes on behind one.
        (
            VOLUME,
            "32\\pi/3",
            "By the usual result, $$V=\\frac{8}{27}\\cdot36\\pi=\\frac{32\\pi}{3}.$$",
            True,
        ),
        (
            VOLUME,
            "32\\pi/3",
            "根据经典结论，它是球的 $\\frac{8}{27}$，所以\n$$V=\\frac{32\\pi}{3}.$$",
            True,
        ),
        (
            VOLUME,
            "8/27",
            "根据经典结论，它是球的 $\\frac{8}{27}$，所以\n$$V=\\frac{32\\pi}{3}.$$",
            False,
        ),
        (SERIES, "(\\pi-1)/2", "整理即得\n\n∑ 1/(1+n²) = (π − 1)/2", True),
        (SERIES, "(\\pi-1)/2", "整理即得\n\n∑ 1/(1+n²) = (π + 1)/2", False),
        (
            INTEGRAL,
            "e-1",
            "From 0 to 2 it gives e/2 - 3, then e - (stuff that equals 1) = e - 1.",
            True,
        ),
        (INTEGRAL, "e-1", "It gives e - 1 - (stuff that equals 1) = e - 2.", False),
        (COUNT, "340", "17×20=340，再去掉等于 2000 左右的那 20 个，得 320 个。", False),
        (COUNT, "320", "17×20=340，再去掉等于 2000 左右的那 20 个，得 320 个。", True),
        (COUNT, "340", "17×20=340，得 340 个。", True),
        # A value at the end of a sentence.
        (
            SAVED,
            "64",
            PLANS,
            True,
        ),
        (
            SAVED,
            "4",
            PLANS,
            False,
        ),
    ],
)
def test_loose_answer(statement: str, reference: str, reply: str, right: bool) -> None:
    assert (judge_text(value(reference, statement), reply).right is True) is right


@pytest.mark.parametrize("statement", [BOTH, BOTH_ZH])
@pytest.mark.parametrize(
    ("reply", "right"),
    [
        ("With s = sin x, so y = -2s²+3s+1. Max 17/8, min -4.", True),
        ("With s = sin x, so y = -2s²+3s+1. Minimum value: -4, maximum value: 17/8.", True),
        ("所以 y = -2s²+3s+1。最大值 17/8，最小值 -4。", True),
        ("With s = sin x, so y = -2s²+3s+1. Max 17/8, min -2.", False),
        ("With s = sin x, so y = -2s²+3s+1. Max 17/8.", False),
        ("With s = sin x, so y = -2s²+3s+1. Max 17/8, min -4. No: the min is -2.", False),
    ],
)
def test_pair_of_labels(statement: str, reply: str, right: bool) -> None:
    verdict = judge_text(value("\\{\\frac{17}{8},-4\\}", statement, kind="set"), reply)

    assert (verdict.right is True) is right


@pytest.mark.parametrize(
    ("asked", "head"),
    [
        ("Find the area of the triangle.", {"area"}),
        ("finish with the bridge toll (yuan per car) that brings it about.", {"bridge toll"}),
        ("最后给出每小时最小总费用（元，保留两位小数）。", {"最后给出每小时最小总费用"}),
        ("Find the greatest and the least value of y.", set()),
        ("How many are left?", set()),
    ],
)
def test_heads(asked: str, head: set[str]) -> None:
    assert heads(asked) == head


@pytest.mark.parametrize(
    ("clause", "asked", "named"),
    [
        ("面积 18", "求三角形的面积。", True),
        ("所以面积为 18 平方米。", "求三角形的面积。", True),
        ("表面积 18", "求长方体的体积与棱长，再求面积。", False),
        ("The area is 18 cm", "Find the area of it.", True),
        ("base area 18", "Find the area of it.", False),
        ("max toll: 5", "Find the least toll.", False),
        ("least toll: 5", "Find the least toll.", True),
    ],
)
def test_named(clause: str, asked: str, named: bool) -> None:
    assert is_named(clause, heads(asked)) is named


def test_labels_alone_are_a_pair() -> None:
    assert is_pair_of_labels("Max 17/8, min -4.")
    assert not is_pair_of_labels("Max 17/8 at x = 2, min -4.")
    assert not is_pair_of_labels("Max 17/8.")


@pytest.mark.parametrize(
    ("sentence", "other"),
    [
        ("疫苗只有80%有效时 q 会更大一些。", True),
        ("If the vaccine protects only 80 %, q is larger.", True),
        ("The toll would be higher with 4000 cars.", True),
        ("有效率为 80% 时 q 为 46%。", False),
        ("当 x=2 时取得最大值。", False),
        ("If 80 % are protected, q is 46 %.", False),
    ],
)
def test_another_case(sentence: str, other: bool) -> None:
    assert says_of_another_case(sentence) is other
