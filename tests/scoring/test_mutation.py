"""The mutation checks over the shipped set."""

from __future__ import annotations

import pytest

from problems.loader import load_set
from problems.schema import Problem
from problems.validator import validate
from scoring.quality.mutation import expression_errors, mutation_report
from tests.support.problems import make_problem

PROBLEMS = list(load_set("math62"))


@pytest.mark.parametrize("problem", PROBLEMS, ids=[problem.id for problem in PROBLEMS])
def test_worked_solutions_score_as_they_should(problem: Problem) -> None:
    """Full marks, a guess for the answer alone, step k lost without step k, nothing for nothing."""
    assert validate(problem, shipped=True) == ()
    assert expression_errors(problem) == ()
    failures = mutation_report(problem).failures
    # Another line of the same block may show the step as well.
    assert [check.sentence for check in failures if check.kind != "wrong_number"] == []


def test_most_wrong_numbers_turn_their_step() -> None:
    counts = [mutation_report(problem).count("wrong_number") for problem in PROBLEMS[::6]]
    total, held = sum(count for count, _ in counts), sum(held for _, held in counts)
    assert total > 50
    assert held / total > 0.8


def test_formula_that_cannot_be_read_is_named() -> None:
    problem = make_problem(
        {"eq": "x = = 2("}, {"value": ")("}, {"eq": "2+2 = 5"}, {"eq": "2+2 = 4"}
    )
    errors = expression_errors(problem)
    assert len(errors) == 3
    assert "step s1" in errors[0]
    assert "step s2" in errors[1]
    assert "is false" in errors[2]
