"""Replies of one kind each are judged right and wrong as a fair teacher would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from scoring.final_answer.judge import judge_text
from tests.scoring.final_answer.making import value

KINDS: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("kinds.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(
    "case", KINDS, ids=[f"{case['kind']}: {case['reference']}" for case in KINDS]
)
def test_replies_of_a_kind(case: dict[str, Any]) -> None:
    problem = value(case["reference"], case["statement"], kind=case.get("answer_kind", "value"))

    verdicts = {
        reply: judge_text(problem, reply).right
        for reply in (*case.get("right", ()), *case.get("wrong", ()))
    }

    assert verdicts == dict.fromkeys(case.get("right", ()), True) | dict.fromkeys(
        case.get("wrong", ()), False
    )
