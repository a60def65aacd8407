"""Numbers in words and values of tables, and what looks like them."""

from __future__ import annotations

from array import array

import pytest

from scoring.score import score_text
from scoring.text.number_words import with_digits
from scoring.text.renderings import Rendering
from scoring.text.tables import with_named_values
from tests.support.problems import make_problem

REALS = {"k": {"type": "real", "min": 0.5, "max": 2.5}}


def rendering(text: str) -> Rendering:
    return Rendering(text, array("l", range(len(text) + 1)))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("占三分之一", "占1/3"),
        ("一百四十四分之七", "7/144"),
        ("百分之二十", "20%"),
        ("$q=$ 负二，", "$q=$ -2，"),
        ("x = 七万二千元", "x = 72000元"),
        ("x = 二〇五", "x = 205"),
        ("v = minus two", "v = -2"),
        ("v = one hundred and five units", "v = 105 units"),
        (r"k\ge$ twenty-one", r"k\ge$ 21"),
        (r"\frac{\text{one}}{2}", r"\frac{1}{2}"),
        ("| 五百 | four u |", "| 500 | 4 u |"),
        # Words, not values.
        ("令 x = 一次函数的值", "令 x = 一次函数的值"),
        ("one of two cases", "one of two cases"),
        ("x = one-sided limit", "x = one-sided limit"),
        ("第一步", "第一步"),
    ],
)
def test_numbers_in_words_are_read_where_they_are_values(text: str, written: str) -> None:
    made = with_digits(rendering(text))
    assert made.text == written
    assert len(made.origin) == len(made.text) + 1


@pytest.mark.parametrize(
    ("head", "row", "verdict"),
    [
        ("| quantity | value |", "| $k$ | five |", "done"),
        ("| Stage | Formula | Value |", "| k | 2+3 | 5 |", "done"),
        ("| 量 | 取值 |", "| k | 5 |", "done"),
        # Another column, or no name at the head of the row.
        ("| symbol | first | price |", "| k | 1 | 5 |", "missing"),
        ("| quantity | value |", "| width | 5 |", "missing"),
        ("| quantity | value |", "| $k$ | five apples each |", "missing"),
    ],
)
def test_the_head_of_a_row_names_its_value(head: str, row: str, verdict: str) -> None:
    problem = make_problem({"eq": "k = 5"}, variables=REALS)
    lines = "|---" * (head.count("|") - 1) + "|"
    text = f"Values:\n{head}\n{lines}\n{row}\nThat is all."
    assert score_text(problem, text).steps[0].verdict == verdict
    assert with_named_values(rendering(row)).text == row


def test_a_scale_after_the_delimiter_belongs_to_the_number() -> None:
    problem = make_problem({"value": "1152000"})
    assert score_text(problem, r"$7200\times 160=115.2$ 万元").steps[0].verdict == "done"
    assert score_text(problem, r"$115.2$，万元是单位").steps[0].verdict == "missing"
