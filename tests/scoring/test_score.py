"""The score as a whole: paths, marks, verdicts and the JSON contract."""

from __future__ import annotations

import dataclasses

import pytest

from problems.loader import load_set
from problems.schema import Problem
from scoring.score import SCORER_VERSION, score_text
from tests.support.problems import make_problem

REALS = {"x": {"type": "real", "min": 0.5, "max": 2.5}}


def test_dictionary_keeps_the_contract() -> None:
    problem = load_set("math62").get("sec-symmetric-01")
    text = "a²+b²=(a+b)²−2ab=25−12=13"
    data = score_text(problem, text).to_dict()
    assert {
        key: data[key]
        for key in (
            "problem",
            "steps_done",
            "steps_total",
            "score7",
            "score7_high",
            "steps_undetermined",
            "coverage",
            "answer_correct",
        )
    } == {
        "problem": "sec-symmetric-01",
        "steps_done": 3,
        "steps_total": 3,
        "score7": 7.0,
        "score7_high": 7.0,
        "steps_undetermined": 0,
        "coverage": 1.0,
        "answer_correct": True,
    }
    assert data["guess_suspected"] is False
    assert data["scorer_version"] == SCORER_VERSION
    step = data["steps"][0]
    assert set(step) == {"id", "verdict", "evidence", "reason"}
    assert text[step["evidence"]["start"] : step["evidence"]["end"]] == step["evidence"]["text"]


def test_score_is_frozen() -> None:
    score = score_text(make_problem({"eq": "x = 2"}), "x=2")
    with pytest.raises(dataclasses.FrozenInstanceError):
        score.steps_done = 5  # type: ignore[misc]


def test_best_path_counts() -> None:
    data = make_problem({"eq": "x = 1"}, {"eq": "x = 2"}).to_dict()
    data["paths"].append({"id": "other", "steps": [{"id": "o1", "evidence": {"eq": "x = 3"}}]})
    problem = Problem.from_dict(data)
    assert score_text(problem, "x=3").path_id == "other"
    assert score_text(problem, "x=1, x=2").path_id == "main"
    assert score_text(problem, "x=3", path_id="main").steps_done == 0


def test_mark_is_the_weighted_share_of_necessary_steps() -> None:
    data = make_problem({"eq": "x = 1"}, {"eq": "x = 2"}, {"eq": "x = 3"}).to_dict()
    steps = data["paths"][0]["steps"]
    steps[0]["weight"] = 3
    steps[2]["necessary"] = False
    score = score_text(Problem.from_dict(data), "x=1; x=3")
    assert (score.steps_done, score.steps_total, score.score7) == (1, 2, 5.25)


def test_one_place_serves_one_step() -> None:
    twice = make_problem({"value": "40"}, {"value": "40"}, variables=REALS)
    assert score_text(twice, "We get 40.").steps_done == 1
    assert score_text(twice, "We get 40. Then 40 again.").steps_done == 2
    shared = make_problem({"value": "40"}, {"value": "40"}, variables=REALS, shared=True)
    assert score_text(shared, "We get 40.").steps_done == 2


def test_place_is_given_up_for_a_step_that_has_no_other() -> None:
    problem = make_problem(
        {"any_of": [{"value": "40"}, {"value": "50"}]}, {"value": "40"}, variables=REALS
    )
    assert score_text(problem, "First 40, then 50.").steps_done == 2


def test_excluded_places_do_not_count() -> None:
    answer = {"kind": "value", "any_of": ["13"]}
    problem = make_problem({"value": "13"}, answer=answer, exclude=["answer"])
    assert score_text(problem, "Answer: 13").steps_done == 0
    assert score_text(problem, "So it is 13.\nAnswer: 13").steps_done == 1
    given = make_problem(
        {"eq": "x = 3"}, statement="Let $x=3$.", variables=REALS, exclude=["given"]
    )
    assert score_text(given, "We know x=3.").steps_done == 0


def test_statement_repeated_by_the_answer_shows_nothing() -> None:
    problem = make_problem(
        {"words": {"en": ["orthogonal"]}}, statement="Show that the vectors are orthogonal."
    )
    assert (
        score_text(problem, "Show that the vectors are orthogonal.\nSo they are.").steps_done == 0
    )
    assert score_text(problem, "The product vanishes, so they are orthogonal.").steps_done == 1


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("2·6 = 12", "done"),
        ("2·6 = 14", "wrong"),
        ("", "missing"),
        ("12", "missing"),
    ],
)
def test_false_arithmetic_is_wrong_and_silence_is_missing(text: str, verdict: str) -> None:
    assert score_text(make_problem({"eq": "2 \\cdot 6 = 12"}), text).steps[0].verdict == verdict


def test_false_arithmetic_in_the_evidence_spoils_it() -> None:
    problem = make_problem({"eq": "V = 48"})
    assert score_text(problem, "V = (1/3)·36·4 = 48").steps[0].verdict == "done"
    spoilt = score_text(problem, "V = (1/3)·36·5 = 48").steps[0]
    assert spoilt.verdict == "wrong"
    assert "is not" in spoilt.reason


def test_rounded_arithmetic_is_not_false() -> None:
    problem = make_problem({"value": "3.79", "tol": 1.0e-2})
    for text in (
        "125/33 = 3.79",
        "125/33 ≈ 3.8 = 3.79",
        "√13 ≈ 3.606; 3.79",
        "1/3 = 0.333 and 3.79",
    ):
        assert score_text(problem, text).steps[0].verdict == "done", text


def test_slip_inside_a_symbolic_chain_is_wrong() -> None:
    problem = make_problem({"eq": "S = 12x-2x^2"}, variables=REALS)
    assert score_text(problem, "S = 2x(6-x) = 12x-2x²").steps[0].verdict == "done"
    assert score_text(problem, "S = 2x(6-x) = 12x-4x²").steps[0].verdict == "wrong"
    assert score_text(problem, "S = 2x(6-x) = 10").steps[0].verdict == "done"


def test_step_built_on_a_wrong_one_is_present_but_invalid() -> None:
    data = make_problem({"eq": "K = 3"}, {"eq": "f(1) = 9"}).to_dict()
    data["paths"][0]["steps"][1]["requires"] = ["s1"]
    score = score_text(Problem.from_dict(data), "K = 4\nf(1) = 16")
    assert [step.verdict for step in score.steps] == ["wrong", "present_invalid"]
    assert score.steps_done == 0


def test_unreadable_formula_is_undetermined_and_never_wrong() -> None:
    problem = make_problem({"eq": "f(1) = 9"})
    step = score_text(problem, "f(1) = )(§( 9").steps[0]
    assert step.verdict in ("undetermined", "missing")


def test_step_for_a_judge_is_undetermined() -> None:
    problem = make_problem({"words": {"en": ["by symmetry"]}}, mode="judge")
    assert score_text(problem, "It is so.").steps[0].verdict == "undetermined"
    assert score_text(problem, "It is so by symmetry.").steps[0].verdict == "done"


def test_guess_needs_a_right_answer_and_few_steps() -> None:
    answer = {"kind": "value", "any_of": ["13"]}
    problem = make_problem({"eq": "x = 1"}, {"eq": "x = 2"}, answer=answer, variables=REALS)
    assert score_text(problem, "Answer: 13").guess_suspected is True
    assert score_text(problem, "Answer: 12").guess_suspected is False
    assert score_text(problem, "x=1\nAnswer: 13").guess_suspected is False


def test_guess_is_not_suspected_where_an_undetermined_step_could_change_it() -> None:
    answer = {"kind": "value", "any_of": ["13"]}
    problem = make_problem({"eq": "x = 1"}, {"eq": "x = 2"}, answer=answer, variables=REALS)
    score = score_text(problem, "u=3; w=4; v=7\nAnswer: 13")
    assert (score.steps_done, score.steps_undetermined) == (0, 2)
    assert score.guess_suspected is False


def test_undetermined_steps_leave_the_mark_open() -> None:
    data = make_problem({"eq": "x = 1"}, {"eq": "x = 2"}).to_dict()
    data["paths"][0]["steps"][1]["weight"] = 3
    score = score_text(Problem.from_dict(data), "x=2")
    assert (score.score7, score.score7_high, score.coverage) == (5.25, 5.25, 1)
    open_score = score_text(Problem.from_dict(data), "By u=3 and w=4 we get x=2")
    assert [step.verdict for step in open_score.steps] == ["undetermined", "done"]
    assert (open_score.score7, open_score.score7_high) == (5.25, 7)
    assert (open_score.steps_undetermined, open_score.coverage) == (1, 0.75)


def test_of_two_paths_alike_the_one_with_more_left_open_counts() -> None:
    data = make_problem({"eq": "x = 1"}, {"eq": "x = 2"}).to_dict()
    judged = {"id": "o2", "evidence": {"words": {"en": ["by symmetry"]}}, "mode": "judge"}
    other = [{"id": "o1", "evidence": {"eq": "x = 1"}}, judged]
    data["paths"].append({"id": "other", "steps": other})
    assert score_text(Problem.from_dict(data), "x=1").path_id == "other"
