"""Scoring is pure: on four threads, in any order, each answer gets exactly what it gets alone."""

from __future__ import annotations

import dataclasses
import multiprocessing
import random
import re
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from problems.labelling import load_labelled
from problems.loader import SHIPPED, load_set
from problems.schema import Problem
from scoring.compiled_problem import compile_problem
from scoring.score import Score, score_text

ROUNDS = 2
#: Problems whose answers spend their whole allowance behind heavy formulas.
HEAVY = ("uni-ode-01", "uni-ode-02", "uni-fourier-01", "uni-integral-02")


def sums(count: int) -> str:
    return "".join(f"$\\sum_{{j=1}}^{{{1500 + i}}} j^2 = {i}$\n" for i in range(count))


def integrals(count: int) -> str:
    return "".join(f"$\\int_0^{{{i}}}\\int_0^1 x^{{{i}}}y dx dy = {i}$\n" for i in range(count))


def chain(count: int) -> str:
    return "".join(f"$S = {' = '.join(f'{i}+{j}' for j in range(13))}$\n" for i in range(count))


def bag() -> list[tuple[Problem, str]]:
    """Labelled and written answers, and worked solutions that begin with more than can be read."""
    problems = load_set("math62")
    labelled = load_labelled(SHIPPED.parent / "labelled", problems).answers
    written = yaml.safe_load(Path(__file__).with_name("answers.yaml").read_text(encoding="utf-8"))
    mixed = [(answer.problem, answer.text) for answer in labelled[::8]]
    mixed += [(problems.get(case["problem"]), case["text"]) for case in written[::8]]
    for problem in map(problems.get, HEAVY):
        solution = problem.solutions[0].text
        mixed += [(problem, sums(count) + solution) for count in range(8, 28, 3)]
        mixed += [(problem, head + solution) for head in ("", integrals(30), chain(40), sums(40))]
        mixed.append((problem, solution.replace("2", "3")))
    return mixed


BAG = bag()


def alone(index: int) -> Score:
    """Score one answer in a process that scores nothing else."""
    return score_text(*BAG[index])


@pytest.fixture(scope="module")
def expected() -> list[Score]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(2, mp_context=context, max_tasks_per_child=1) as pool:
        return list(pool.map(alone, range(len(BAG))))


@pytest.fixture
def _eager_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_eager_switches")
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_answers_on_four_threads_score_as_they_do_alone(seed: int, expected: list[Score]) -> None:
    order = list(range(len(BAG)))
    random.Random(seed).shuffle(order)  # noqa: S311  # an order, no secret
    with ThreadPoolExecutor(4) as pool:
        scores = list(pool.map(alone, order))
    assert [i for i, score in zip(order, scores, strict=True) if score != expected[i]] == []


def reached(value: Any) -> Iterator[Any]:
    """Yield everything that a value holds; what was read from the problem's file is left out."""
    yield value
    held: tuple[Any, ...] = ()
    if dataclasses.is_dataclass(value):
        held = tuple(getattr(value, field.name) for field in dataclasses.fields(value))
    elif isinstance(value, Mapping):
        held = (*value.keys(), *value.values())
    elif isinstance(value, (tuple, frozenset)):
        held = tuple(value)
    for item in held:
        if not type(item).__module__.startswith("problems."):
            yield from reached(item)


def test_compiled_problem_holds_nothing_that_can_be_written() -> None:
    plain = (str, int, float, complex, tuple, frozenset, re.Pattern, MappingProxyType, type(None))
    for problem in list(load_set("math62"))[::6]:
        for value in reached(compile_problem(problem)):
            if dataclasses.is_dataclass(value):
                assert value.__dataclass_params__.frozen, value  # type: ignore[union-attr]
            else:
                assert isinstance(value, plain), value


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "-" * 500 + "1",
        "f(x) = x" + "!" * 500,
        "$x = " + "t+" * 195 + "1$",
        "$x = ±(" + "t+" * 190 + "1)$",
        "x = " + "1+" * 290 + "1",
        "$x = " + "ab" * 290 + "$",
    ],
)
def test_score_does_not_depend_on_how_deep_the_caller_is(text: str) -> None:
    def deep(depth: int) -> Score:
        return deep(depth - 1) if depth else score_text(problem, text)

    problem = load_set("math62").get("sec-symmetric-01")
    assert deep(0) == deep(sys.getrecursionlimit() // 4)
