"""Numbers become plain digits; words that only look like numbers stay."""

from __future__ import annotations

import pytest

from scoring.final_answer.numerals.chinese import chinese_number
from scoring.final_answer.numerals.plain import plain_numbers


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("twenty-five", "25"),
        ("one hundred and seven", "107"),
        ("two, three, five and seven", "2, 3, 5 and 7"),
        ("minus 3", "-3"),
        ("n minus 3", "n - 3"),
        ("3 times the square root of 13", "3\\sqrt{13}"),
        ("4/5 of an hour", "4/5 hour"),
        ("4 degrees below zero", "-4 degrees "),
        ("三百二十个", "320个"),
        ("六十千米", "60千米"),
        ("一千二百个零件", "1200个零件"),
        ("二分之根号三", "\\frac{\\sqrt{3}}{2}"),
        ("3万6千", "36000"),
        ("1,450", "1450"),
        ("5 2/3", "(5+\\frac{2}{3})"),
        ("0.\\overline{36}", "\\frac{4}{11}"),
    ],
)
def test_number_is_written_in_digits(written: str, plain: str) -> None:
    assert plain_numbers(written) == plain


@pytest.mark.parametrize("words", ["one can see", "第三步", "另一个是", "alone", "一定"])
def test_words_stay(words: str) -> None:
    assert plain_numbers(words) == words


@pytest.mark.parametrize("text", ["twenty-five", "3万6千", "5 2/3", "二分之根号三"])
def test_rewriting_twice_changes_nothing(text: str) -> None:
    once = plain_numbers(text)

    assert plain_numbers(once) == once


def test_chinese_number_is_none_for_other_words() -> None:
    assert chinese_number("一万零五") == 10005
    assert chinese_number("一起") is None
