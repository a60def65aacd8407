"""What names a result: the head of a question, labels, remarks about another case."""

from __future__ import annotations

import pytest

from scoring.final_answer.extraction.asides import says_of_another_case
from scoring.final_answer.question.named import heads, is_named, is_pair_of_labels


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
