"""Structural faults of a problem, each named in a sentence."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from problems.loader import load_set
from problems.schema import Problem
from problems.validator import validate

GOOD: dict[str, Any] = load_set("math62").get("sec-symmetric-01").to_dict()


def changed(edit: Any) -> Problem:
    data = copy.deepcopy(GOOD)
    edit(data)
    return Problem.from_dict(data)


def steps(data: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = data["paths"][0]["steps"]
    return found


def test_good_problem_has_no_faults() -> None:
    assert validate(Problem.from_dict(GOOD), shipped=True) == ()


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda data: steps(data).pop(), "2 necessary steps"),
        (lambda data: steps(data)[0].update(id="s2"), "'s2' occurs twice"),
        (lambda data: steps(data)[0].update(requires=["s9"]), "unknown step 's9'"),
        (
            lambda data: (
                steps(data)[0].update(requires=["s3"]) or steps(data)[2].update(requires=["s1"])
            ),
            "in a circle",
        ),
        (lambda data: steps(data)[0].update(evidence={"value": "13"}), "is the final answer"),
        (lambda data: data["answer"].update(any_of=[]), "needs any_of"),
        (lambda data: data["solutions"][0].update(path="other"), "no path 'other'"),
        (lambda data: data["solutions"][0]["blocks"][0].update(step="s9"), "no step 's9'"),
        (lambda data: data["solutions"][0]["blocks"].pop(0), "no block shows step 's1'"),
        (lambda data: data["solutions"].clear(), "two at least"),
        (lambda data: data["problem"].pop("en"), "missing in en"),
        (lambda data: steps(data)[0]["describe"].pop("zh"), "no description in zh"),
    ],
)
def test_fault_is_named(edit: Any, sentence: str) -> None:
    assert any(sentence in fault for fault in validate(changed(edit), shipped=True))
