"""What the report's sentences say of a difference, and of times."""

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
            ("one is ahead, but that may be chance", "adjusted p 0.19"),
        ),
        (
            {"difference": 2.8, "ci_low": 0.8, "ci_high": 4.8, "p_value": 0.19,
             "finding": "no difference"},
            ("two is ahead, but that may be chance", "adjusted p 0.19"),
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


@pytest.mark.parametrize(
    ("ttft_ms", "e2e_s", "words"),
    [
        (115.4, 1.94, "one: first token after 115 ms, 1.94 s an answer"),
        (0.12, 0.0003, "one: first token after less than 1 ms, less than 0.01 s an answer"),
        (0.6, 0.006, "one: first token after 1 ms, 0.01 s an answer"),
        (None, None, ""),
    ],
)
def test_no_time_reads_as_zero(ttft_ms: float | None, e2e_s: float | None, words: str) -> None:
    line = {"model": "one", "prompt": "plain", "mode": "latency", "need_mib": None,
            "ttft_ms": ttft_ms, "e2e_s": e2e_s}  # fmt: skip
    sentences = summary(
        models=[], overall=[], comparison=None, recommendation=None, resources=[line], answers=0
    )
    assert [one for one in sentences if "token" in one] == (
        [f"In latency mode {words}."] if words else []
    )
