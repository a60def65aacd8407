"""The final answers of the shipped problems against those in ``problems/math62/answers.toml``.

``latex2sympy`` reads the answers, not the scorer, and no text of a problem is evaluated as code.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import sympy as sp
from latex2sympy2_extended import latex2sympy

from problems.loader import SHIPPED, load_set
from problems.schema import Problem

FOUND: dict[str, dict[str, Any]] = tomllib.loads(
    (SHIPPED / "answers.toml").read_text(encoding="utf-8")
)
PROBLEMS = {problem.id: problem for problem in load_set("math62")}
#: Which shape of numbers an entry has for each kind of answer.
SHAPES = {
    "value": {"value", "complex", "each"},
    "set": {"members"},
    "interval": {"from"},
    "expr": {"at", "is"},
    "rubric": {"numbers"},
}


def test_every_problem_has_an_answer_found_independently() -> None:
    assert set(FOUND) == set(PROBLEMS)
    for name, entry in FOUND.items():
        assert set(entry) <= SHAPES[PROBLEMS[name].answer.kind], name


@pytest.mark.parametrize("name", PROBLEMS)
def test_each_writing_of_an_answer_states_what_was_found(name: str) -> None:
    assert stated(PROBLEMS[name], FOUND[name]) == [
        pytest.approx(numbers, rel=max(PROBLEMS[name].answer.tol, 1e-9))
        for numbers in wanted(PROBLEMS[name], FOUND[name])
    ]


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_wrong_number_is_noticed(name: str) -> None:
    problem, entry = PROBLEMS[name], FOUND[name]
    for writing, numbers in zip(stated(problem, entry), wanted(problem, entry), strict=True):
        for place, number in enumerate(numbers):
            wrong = [*numbers[:place], number * 1.02 + 1e-9, *numbers[place + 1 :]]
            assert writing != pytest.approx(wrong, rel=max(problem.answer.tol, 1e-9))


def wanted(problem: Problem, entry: Mapping[str, Any]) -> list[list[float]]:
    """Return the numbers that each writing of the answer must state."""
    writings = len(problem.answer.any_of)
    if "each" in entry:
        return [[number] for number in entry["each"]]
    if "numbers" in entry:
        return list(entry["numbers"])
    (numbers,) = [
        entry[key] for key in ("value", "complex", "members", "from", "is") if key in entry
    ]
    return [list(numbers) if isinstance(numbers, list) else [numbers]] * writings


def stated(problem: Problem, entry: Mapping[str, Any]) -> list[list[float]]:
    """Return the numbers that each writing of the answer states."""
    if problem.answer.kind == "rubric":
        texts = (writing.replace("r(100)", "r") for writing in problem.answer.any_of)
        return [[float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)] for text in texts]
    return [numbers_of(latex, entry.get("at", ())) for latex in problem.answer.any_of]


def numbers_of(latex: str, at: Sequence[float]) -> list[float]:
    """Return the numbers in an answer: parts, members, an end, or values at points."""
    # latex2sympy does not know \coth.
    read = latex2sympy(latex.replace(r"\coth\pi", r"\frac{\cosh(\pi)}{\sinh(\pi)}"))
    if isinstance(read, sp.FiniteSet):
        return sorted(float(member) for member in read)
    if isinstance(read, sp.GreaterThan):
        return [float(read.rhs)]
    if isinstance(read, sp.Interval):
        assert (read.end, read.left_open) == (sp.oo, False)
        return [float(read.start)]
    if at:
        (variable,) = read.free_symbols
        return [float(read.subs(variable, point)) for point in at]
    imaginary = sp.Symbol("i")
    if imaginary in read.free_symbols:
        return [float(part) for part in read.subs(imaginary, sp.I).as_real_imag()]
    return [float(read)]
