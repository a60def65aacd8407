"""Every saved reply gets the verdict, or one of the verdicts, that it must have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from scoring.final_answer.judge import judge_text
from tests.scoring.final_answer.making import problem

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{case['fault']}-{at}" for at, case in enumerate(CASES)]
)
def test_reply_gets_its_verdict(case: dict[str, Any]) -> None:
    reference, expected = case["reference"], case["expected"]
    answer = {
        "kind": case["kind"],
        "any_of": reference if isinstance(reference, list) else [reference],
        "unit": case.get("unit"),
        "tol": case.get("tol", 1e-6),
    }

    right = judge_text(problem(answer, case["statement"]), case["reply"]).right

    assert right in (expected if isinstance(expected, list) else [expected])
