"""What the sentences of a conclusion name as their result: clauses, bounds, extremes, days."""

from __future__ import annotations

import pytest

from scoring.final_answer.judge import judge_text
from tests.scoring.final_answer.making import value

LEAST = "Let $ab=a+b+8$ with $a,b>0$. Find the minimum of $a+b$."
MORE = "How much more does the mix earn than all-A?"
BOTH = "Find the maximum and the minimum of $y$."
COST = "Five notebooks cost $2.50 each. How much do they cost together, in dollars?"
DAY = "What day is it?"
KIND = "“x>2”是“x²>4”的____条件（填“充分不必要”“必要不充分”“充要”或“既不充分也不必要”）。"


@pytest.mark.parametrize(
    ("question", "reference", "reply", "right"),
    [
        (LEAST, "8", "So $a+b\\ge8$, with equality iff $a=b=4$.", True),
        (LEAST, "8", "So $a+b\\ge6$, with equality iff $a=b=8$.", False),
        (LEAST, "8", "$a+b\\ge 2\\sqrt9=6$，当且仅当 $a=b=8$ 时取等号。", False),
        (MORE, "41600", "Spend 24000 on B, which beats all-A by 41600 yuan.", True),
        (MORE, "41600", "Spend 41600 on B, which beats all-A by 24000 yuan.", False),
        ("Find $\\lim M_n$.", "1.179", "令 $n\\to\\infty$，得 $\\lim M_n\\approx1.179$。", True),
        ("Find $\\lim M_n$.", "1.179", "令 $n\\to\\infty$，得 $\\lim M_n\\approx1.279$。", False),
        ("Find $I$.", "\\frac{3\\pi}{8}", "Taking $a=2$ in $F$ gives $\\frac{3\\pi}{8}$.", True),
        ("Find $I$.", "\\frac{3\\pi}{8}", "Taking $a=2$ in $F$ gives $\\frac{3\\pi}{4}$.", False),
        ("Find the sum.", "0", "The four of them add up to 0.", True),
        (BOTH, "\\{\\frac{17}{8},-4\\}", "Maximum: 17/8\nMinimum: -4", True),
        (BOTH, "\\{\\frac{17}{8},-4\\}", "$t=1$ 时最大 $\\frac{17}{8}$；$t=0$ 时最小 $2$。", False),
        (COST, "12.50", "So they cost 5 × 2.50 = 12.50.\n\nThe total cost is 12.50 cents.", False),
        (COST, "12.50", "So they cost 5 × 2.50 = 12.50.\n\nThe total cost is 12.50 dollars.", True),
        (DAY, "\\text{Tuesday}", "It falls on Wednesday, the day after Tuesday.", False),
        (DAY, "\\text{Tuesday}", "It falls on Tuesday, the day before Wednesday.", True),
        (DAY, "\\text{Tuesday}", "是星期二。", True),
        ("When is it due?", "\\text{March 8}", "The book is due on **March 8th**.", True),
        ("When is it due?", "\\text{March 8}", "8 days from March 1: it is due on March 9.", False),
        ("When is it due?", "\\text{March 8}", "3月8日", True),
        (KIND, "充分不必要条件", "所以“x>2”是“x²>4”的**充分而不必要**条件。", True),
        (KIND, "充分不必要条件", "所以“x>2”是“x²>4”的既不充分也不必要条件。", False),
        ("Is 91 composite?", "\\text{Yes}", "No, it is prime.", False),
        ("Is 91 composite?", "\\text{Yes}", "Yes, it is 7 times 13.", True),
        ("How long?", "4\\text{ feet } 7\\text{ inches}", "It is **4 ft 7 in** long.", True),
        ("How long?", "4\\text{ feet } 7\\text{ inches}", "5 feet 7 inches", False),
        ("每小时行多少千米？", "3.5", "3.5小时", False),
        ("每小时行多少千米？", "3.5", "每小时3.5千米", True),
        ("How many?", "42", "The answer is 42, or 41 if one is eaten.", False),
        ("How many?", "42", "It is 42, or possibly 43.", False),
        ("How many?", "42", "It is 42 or 41, but 41 is odd, so it is 42.", True),
        ("How many?", "0.5", "It is 0.5, or 1/2.", True),
        ("Find $a$.", "a = -1", "a = -1 or 1", False),
        ("Find $a$.", "a = -1", "a = -1", True),
        ("则sinα=____", "-\\frac{1}{2}", "sinα=-√3/2，cosα=-1/2", False),
        ("则sinα=____", "-\\frac{1}{2}", "sinα=-1/2，cosα=-√3/2", True),
        ("Who is the fastest?", "\\text{Maria}", "John is faster than Maria, so John.", False),
        ("Who is the fastest?", "\\text{Maria}", "The fastest is Maria, then John.", True),
        ("Is $f$ odd, even or neither?", "\\text{odd}", "f is an odd function.", True),
        ("Is $f$ odd, even or neither?", "\\text{odd}", "The function is not odd.", False),
        ("求集合A∩B", "{x|1<x<3}", "A={x|x>1}，B={x|x<3}，所以A∩B=(1,3)。", True),
        ("求集合A∩B", "{x|1<x<3}", "A={x|1<x<3}，B={x|x<2}，所以A∩B=(1,2)。", False),
        ("求b", "±2", "b²=4，解得 b=2 或 b=-2。", True),
        ("求b", "±2", "b²=4，解得 b=2。", False),
    ],
)  # fmt: skip
def test_result_of_a_conclusion(question: str, reference: str, reply: str, right: bool) -> None:
    kind = "set" if question is BOTH else "value"

    assert judge_text(value(reference, question, kind=kind), reply).right is right
