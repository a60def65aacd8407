"""The worked solutions, written otherwise without another meaning, keep their marks."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from problems.loader import load_set
from problems.schema import Solution
from scoring.score import score_text
from tests.support.problems import make_problem

PROBLEMS = list(load_set("math62"))[::3]
INLINE = re.compile(r"(?<!\$)\$([^$\n]+)\$(?!\$)")


def on_one_line(solution: Solution) -> str:
    return " ".join(solution.text.split())


def in_brackets(solution: Solution) -> str:
    displayed = re.sub(r"\$\$([^$]+)\$\$", r"\\[\1\\]", solution.text)
    return INLINE.sub(r"\\(\1\\)", displayed)


def displayed(solution: Solution) -> str:
    return INLINE.sub(
        lambda m: f"\n\n$${m[1]}$$\n\n" if re.search(r"[=<>]|\\[lg]e", m[1]) else m[0],
        solution.text,
    )


def numbered(solution: Solution) -> str:
    return "\n".join(
        f"{i}. {block.text.strip()}" for i, block in enumerate(solution.blocks, start=1)
    )


def in_steps(solution: Solution) -> str:
    return "\n".join(
        f"### 步骤{i}：\n{block.text.strip()}" for i, block in enumerate(solution.blocks, start=1)
    )


def bold(solution: Solution) -> str:
    return INLINE.sub(r"**$\1$**", solution.text)


def display_fractions(solution: Solution) -> str:
    return solution.text.replace("\\frac", "\\dfrac")


def full_width(solution: Solution) -> str:
    return solution.text.translate(str.maketrans("0123456789=+()", "０１２３４５６７８９＝＋（）"))


def with_invisible_signs(solution: Solution) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[=+)])", "\u200b", solution.text)


def backwards(solution: Solution) -> str:
    *steps, last = solution.blocks
    return "\n\n".join(block.text.strip() for block in (*reversed(steps), last))


def with_carriage_returns(solution: Solution) -> str:
    return solution.text.replace("\n", "\r\n")


@pytest.mark.parametrize(
    "write",
    [
        on_one_line,
        in_brackets,
        displayed,
        numbered,
        in_steps,
        bold,
        display_fractions,
        full_width,
        with_invisible_signs,
        backwards,
        with_carriage_returns,
    ],
)
def test_other_notation_keeps_every_step(write: Callable[[Solution], str]) -> None:
    lost = []
    for problem in PROBLEMS:
        for solution in problem.solutions:
            score = score_text(problem, write(solution), path_id=solution.path)
            lost += [
                (problem.id, solution.id, s.step_id, s.reason)
                for s in score.steps
                if s.verdict != "done"
            ]
            lost += (
                [(problem.id, solution.id, "answer", score.answer_text)]
                if score.answer_correct is False
                else []
            )
    assert lost == []


def test_real_part_gives_the_number_itself_no_value() -> None:
    problem = make_problem(
        {"eq": "z = 1-2i"}, variables={"z": {"type": "complex", "min": -3, "max": 3}}
    )
    assert score_text(problem, "Re z = 1 and Im z = -2").steps[0].verdict == "undetermined"
    assert score_text(problem, "Re(z)=1").steps[0].verdict == "missing"
    assert score_text(problem, "z = 1-2i").steps[0].verdict == "done"
