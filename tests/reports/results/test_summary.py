"""What the report's second sentence says of a difference."""

from __future__ import annotations

from typing import Any

import pytest

from reports.page.summary import summary


def said(**row: Any) -> str:
    compared = {
        "metric": "score7", "category": None, "model_a": "one", "model_b": "two", "n": 6,
        "a": 2.8, "b": 2.8 + row["difference"], **row,
    }  # fmt: skip
    sides = {"a": {"model": "one", "run": 1}, "b": {"model": "two", "run": 1}}
    found = summary(
        models=[],
        overall=[{"model": "one", "score7": 2.8, "prompt": "plain"}],
        comparison={"metrics": [compared], "comparisons": [sides]},
        recommendation=None,
        resources=[],
        answers=0,
    )
    return found[1]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (
            {"difference": -2.8, "ci_low": -4.8, "ci_high": -0.8, "p_value": 0.19,
             "finding": "no difference"},
            ("one is ahead, perhaps by chance", "adjusted p 0.19"),
        ),
        (
            {"difference": 2.8, "ci_low": 0.8, "ci_high": 4.8, "p_value": 0.19,
             "finding": "no difference"},
            ("two is ahead, perhaps by chance", "adjusted p 0.19"),
        ),
        (
            {"difference": -0.5, "ci_low": -4.8, "ci_high": 0.8, "p_value": 1.0,
             "finding": "no difference"},
            ("neither is shown to derive more",),
        ),
        (
            {"difference": -2.8, "ci_low": -4.8, "ci_high": -0.8, "p_value": 0.01,
             "finding": "worse"},
            ("one derives more (",),
        ),
        (
            {"difference": 2.8, "ci_low": 0.8, "ci_high": 4.8, "p_value": 0.01,
             "finding": "better"},
            ("two derives more (",),
        ),
    ],
)  # fmt: skip
def test_a_sentence_claims_what_the_test_shows(row: dict[str, Any], words: tuple[str, ...]) -> None:
    sentence = said(**row)

    assert all(word in sentence for word in words), sentence
