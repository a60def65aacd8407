"""How far a judge agrees with people: every figure by hand, and over labelled answers."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from problems.labelling import LabelledAnswer, Labels
from problems.loader import load_set
from scoring.quality.judge_agreement import (
    JudgeAgreement,
    ReadStep,
    labelled_agreement,
    labelled_request,
)
from scoring.quality.unseen_path import leave_one_path_out

PROBLEM = load_set("core").get("sec-symmetric-01")
PATH = PROBLEM.paths[0]
STEPS = [step.id for step in PATH.necessary]
TEXT = "a^2+b^2 = (a+b)^2-2ab and 2ab = 12, hence the result is 13."


def steps(*rows: tuple[str, str, str | None, str]) -> list[ReadStep]:
    return [
        ReadStep(truth=truth, rules=rules, judge=judge, merged=merged, style="plain")
        for truth, rules, judge, merged in rows
    ]


def test_each_figure_is_computed_over_the_steps_it_is_about() -> None:
    found = JudgeAgreement(
        steps=steps(
            ("done", "done", None, "done"),
            ("done", "undetermined", "done", "done"),
            ("missing", "missing", "missing", "missing"),
            ("wrong", "undetermined", "done", "done"),
        ),
        repeated=[("done", "done"), ("done", "missing")],
    ).to_dict()

    assert (found["steps"], found["base_rate"]) == (4, 0.5)
    assert found["rules"] == {
        "decided": 2,
        "coverage": 0.5,
        "kappa": 1.0,
        "agree": 1.0,
        "kappa_all": 0.5,
        "done_right": 1.0,
        "done_found": 0.5,
    }
    judge = found["judge"]
    assert (judge["decided"], judge["agree"], judge["done_right"]) == (3, 2 / 3, 0.5)
    assert judge["kappa"] == pytest.approx(0.4)
    assert found["rules_judge"]["agree"] == 0.75
    assert (found["constant"]["agree"], found["constant"]["kappa"]) == (0.5, 0.0)
    assert found["open"]["judge"]["decided"] == 3
    assert (found["itself"]["steps"], found["itself"]["agree"]) == (2, 0.5)
    assert set(found["styles"]) == {"plain"}
    assert found["categories"] == {}


def test_agreement_without_steps_has_no_figures() -> None:
    found = JudgeAgreement(steps=[]).to_dict()

    assert found["base_rate"] is found["judge"]["kappa"] is found["itself"]["kappa"] is None


def answer(name: str, labels: Sequence[str]) -> LabelledAnswer:
    said = Labels(
        answer=name,
        path=PATH.id,
        labeller="ada",
        steps={step.id: "done" for step in PATH.steps} | dict(zip(STEPS, labels, strict=False)),
    )
    return LabelledAnswer(
        name=name, problem=PROBLEM, style="partial", language="en", text=TEXT, labels=(said,)
    )


def test_replies_about_labelled_answers_are_compared_with_the_labels() -> None:
    labelled = [answer("a", ["missing"]), answer("b", ["missing"])]
    request = labelled_request(labelled[0])
    assert request is not None
    reply = json.dumps(
        {step: {"quote": "the result is 13", "verdict": "done"} for step in request.step_ids}
    )
    found, unknown = labelled_agreement(labelled, [("a", reply), ("a", "{}"), ("c", reply)])

    assert unknown == ("c",)
    document = found.to_dict()
    assert document["steps"] == 2 * len(STEPS)
    assert document["judge"]["decided"] == len(request.step_ids)
    assert document["itself"]["steps"] == 0, "the second reply says nothing"
    assert set(document["categories"]) == {"secondary"}


def test_done_steps_are_asked_about_only_on_request() -> None:
    found, everything = (
        labelled_request(answer("a", []), check_done=check) for check in (False, True)
    )

    assert found is not None
    assert everything is not None
    assert set(found.step_ids) < set(everything.step_ids) == set(STEPS)


def test_whole_answers_are_compared_by_their_points() -> None:
    labelled = [answer("a", [])]
    request = labelled_request(labelled[0])
    assert request is not None
    quoted = {"quote": "the result is 13", "verdict": "done"}
    reply = json.dumps(dict.fromkeys(request.step_ids, quoted))

    alone, judged = (
        labelled_agreement(labelled, replies)[0].to_dict()["scores"]
        for replies in ([], [("a", reply)])
    )

    rules = alone["rules"]["mae7"]
    assert rules == pytest.approx(7 * len(request.step_ids) / len(STEPS))
    assert alone["rules_judge"]["mae7"] == rules, "without a reply both are the rules"
    assert alone["judge"] == {
        "mae7": 7.0,
        "mae7_interval": 0.0,
        "guess": {"precision": None, "recall": None},
    }
    assert judged["rules_judge"]["mae7"] == pytest.approx(0.0)


def test_a_complete_answer_is_held_against_the_paths_that_it_does_not_follow() -> None:
    several = load_set("core").get("sec-symmetric-01")
    assert len(several.paths) > 1, "the example needs another path"
    complete, partial = answer("a", []), answer("b", ["missing"])

    (left,) = leave_one_path_out([complete, partial])

    assert left.name == "a"
    assert PATH.id not in {path.id for path in left.problem.paths}
    assert len(left.problem.paths) == len(several.paths) - 1
    remaining = left.problem.path(left.truth.path)
    assert left.truth.steps == {step.id: "done" for step in remaining.steps}
    request = labelled_request(left, check_done=True)
    assert request is not None
    assert request.path_id == remaining.id
