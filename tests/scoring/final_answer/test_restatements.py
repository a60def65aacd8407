"""Answers said once more in another form, remarks behind them, differences the other way round."""

from __future__ import annotations

import pytest

from scoring.final_answer.judge import judge_text
from tests.scoring.final_answer.making import value

EXACT = "Find the exact area of a circular sector with radius 3 and central angle 120 degrees."
NOTATION = r"Write $(2.5\times10^{7})(3\times10^{-3})$ in scientific notation."
MONEY = (
    "A stall sells 12 red balloons at $2, 8 blue ones at $3 and 5 gold ones at $10. "
    "How much money does it take in?"
)
PERCENT = (
    "A price is raised by $25\\%$ and then lowered by $12\\%$. "
    "By what percent is the final price higher than the original?"
)
YEARS = "Ann is 12 and Bob is 7. How many years older is Ann than Bob?"
STAMPS = "Kim and Lee have 52 stamps together, Kim 3 times as many. How many stamps does Lee have?"
DISTANCE = "Find the distance between (1, 2) and (5, 8)."
RADICAL = r"Simplify $\sqrt{98}+\sqrt{32}$."
ROOT = "What is the smaller root of $x^2-6x+4=0$?"
BOYS = "男生有25人，女生有20人，男生比女生多百分之几？"


@pytest.mark.parametrize(
    ("statement", "reference", "reply", "right"),
    [
        (EXACT, r"3\pi", "The area is 3π (≈ 9.42).", True),
        (EXACT, r"3\pi", r"The area is $3\pi$ (about 9.42).", True),
        (EXACT, r"3\pi", "The area is 9.42, or exactly 3π.", True),
        (EXACT, r"3\pi", "The area is about 9.42.", False),
        (EXACT, r"3\pi", "The area is 2π (≈ 6.28).", False),
        (EXACT, r"3\pi", "The area is 9.42, or exactly 2π.", False),
        (NOTATION, r"7.5\times10^{4}", "So it's 7.5 × 10^4, that is 75,000.", True),
        (NOTATION, r"7.5\times10^{4}", "So it's 75,000, that is 7.5 × 10^4.", True),
        (NOTATION, r"7.5\times10^{4}", "So it's 75,000, that is 75 thousand.", False),
        (NOTATION, r"7.5\times10^{4}", "So it's 7.5 × 10^5, that is 75,000.", False),
        (MONEY, "98", "The stall takes in $98.", True),
        (MONEY, "98", "The stall takes in $98 for the 25 balloons.", True),
        (MONEY, "98", "It brings in 98 dollars in total.", True),
        (MONEY, "98", "The stall takes in $25 for the 98 balloons.", False),
        (MONEY, "98", "It sells 98 balloons and takes in $25.", False),
        (PERCENT, r"10\%", "So the final price is 10 percent higher than it was.", True),
        (PERCENT, r"10\%", "The final price is 13 percent higher than it was.", False),
        (PERCENT, r"10\%", "The final price is 10 percent lower than it was.", None),
        (PERCENT, r"10\%", "The original was 10% lower than the final price.", None),
        (YEARS, "5", "Bob is 5 years younger than Ann.", True),
        (YEARS, "5", "Ann is 5 years older than Bob.", True),
        (YEARS, "5", "Ann is 5 years younger than Bob.", None),
        (YEARS, "5", "Ann is 19 years older than Bob.", False),
        (BOYS, r"25\%", "答：男生比女生多25%。", True),
        (BOYS, r"25\%", "答：男生比女生多20%。", False),
        (BOYS, r"25\%", "答：男生比女生少25%。", None),
        (STAMPS, "13", "Lee has 13 stamps. To double-check: Kim has 39, and 13 + 39 = 52.", True),
        (STAMPS, "13", "Lee has 39 stamps. To double-check: 39 / 3 = 13.", False),
        (DISTANCE, r"2\sqrt{13}", "d = 2*sqrt(13). That lies between 6 and 10 as it should.", True),
        (DISTANCE, r"2\sqrt{13}", "d = sqrt(13). That lies between 3 and 10 as it should.", False),
        (DISTANCE, r"2\sqrt{13}", "This makes sense: d = 2*sqrt(13).", True),
        (RADICAL, r"11\sqrt2", "so sqrt98 = 7sqrt2, sqrt32 = 4sqrt2\nadd them: 11sqrt2", True),
        (RADICAL, r"11\sqrt2", "so sqrt98 = 7sqrt2, sqrt32 = 4sqrt2\nadd them: 12sqrt2", False),
        (ROOT, r"3-\sqrt5", r"$x = \boxed{3-\sqrt5}$", True),
        (ROOT, r"3-\sqrt5", r"$x = \boxed{3\pm\sqrt5}$", False),
    ],
)
def test_verdicts(statement: str, reference: str, reply: str, right: bool | None) -> None:
    assert judge_text(value(reference, statement), reply).right is right


@pytest.mark.parametrize(("last", "right"), [("-7", True), ("7", False)])
def test_a_conclusion_below_a_check_counts(last: str, right: bool) -> None:
    reply = f"first: 8\nsecond: -4\n\nquick check that it fits: fine\n\nso <8, -4, {last}>"

    problem = value(r"\begin{pmatrix} 8 \\ -4 \\ -7 \end{pmatrix}", "Compute the cross product.")

    assert judge_text(problem, reply).right is right
