"""Answers as models write them against a careful marker's verdicts (`answers.yaml`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from problems.loader import load_set
from scoring.score import score_text

CASES: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("answers.yaml").read_text(encoding="utf-8")
)
PROBLEMS = {problem.id: problem for problem in load_set("math62")}


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{case['problem']}: {case['note']}" for case in CASES]
)
def test_answer_gets_the_markers_verdicts(case: dict[str, Any]) -> None:
    score = score_text(PROBLEMS[case["problem"]], case["text"])
    verdicts = {step.step_id: step.verdict for step in score.steps}
    done = [step for step, verdict in verdicts.items() if verdict == "done"]
    assert done == case["done"]
    assert all(verdicts[step] == "undetermined" for step in case.get("open", []))
    assert {step for step in case.get("wrong", []) if verdicts[step] != "wrong"} == set()
    faulty = {step for step, verdict in verdicts.items() if verdict in ("wrong", "present_invalid")}
    assert faulty <= {*case.get("wrong", []), *case.get("notdone", [])}
    assert score.answer_correct is case["correct"]
    assert score.guess_suspected is case.get("guess", False)


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{case['problem']}: {case['note']}" for case in CASES]
)
def test_evidence_is_cut_out_of_the_original_text(case: dict[str, Any]) -> None:
    score = score_text(PROBLEMS[case["problem"]], case["text"])
    for step in score.steps:
        if step.start is not None:
            assert step.end is not None
            assert 0 <= step.start < step.end <= len(case["text"])
            assert step.evidence_text == case["text"][step.start : step.end]
            assert step.evidence_text.strip()
