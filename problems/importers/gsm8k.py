"""GSM8K (Cobbe et al. 2021): word problems whose solutions mark each calculation, ``<<16-3-4=9>>``.

Licence: MIT. Format: JSON objects with ``question`` and ``answer``; the answer ends in ``####
18``. Each mark is a reference step: shown by its equation, or by its result where that number can
come from nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from problems.errors import ProblemError
from problems.importers.arithmetic import calculate
from problems.importers.making import MAX_STEPS, make_problem, plain_number
from problems.importers.rows import Refusal, Row, json_rows
from problems.schema import Problem

NAME = "gsm8k"
LICENCE = "MIT"
SOURCE = "openai/grade-school-math"
LANGUAGE = "en"
_MARK = re.compile(r"<<([^<>]*)>>")
_NUMBERS = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|\.\d+")
_SINGLE = re.compile(r"[-+]?[\d.]+")
#: A result may be rounded to cents or to a whole percentage.
_ROUNDED = Fraction(1, 100)


def rows(file: Path) -> Iterator[Row | Refusal]:
    """Yield the rows of the file."""
    return json_rows(file)


def convert(row: Row) -> Problem:
    """Return the problem of a row. Raise `ProblemError` without marks that calculate."""
    question, solution = row.text("question"), row.text("answer")
    body, found, final = solution.rpartition("####")
    if not found:
        raise ProblemError("the answer has no line '#### result'")
    answer = plain_number(final)
    marks = _marks(body)
    steps = _steps(question, body, marks, answer.removesuffix("%"))
    return make_problem(
        {
            "id": f"gsm8k-{row.number:04d}",
            "difficulty": min(5, 1 + len(steps) // 2),
            "topics": ["word problem"],
            "problem": {LANGUAGE: question},
            "answer": {"kind": "value", "any_of": [answer]},
            "paths": [{"id": "marks", "steps": steps}],
            "solutions": [_solution(body, marks, answer)],
            "source": f"{SOURCE}, row {row.number}",
            "licence": LICENCE,
        }
    )


def _marks(body: str) -> list[tuple[re.Match[str], str, str]]:
    """Return each mark that calculates something with its two sides, repeated ones left out."""
    kept: dict[str, tuple[re.Match[str], str, str]] = {}
    for mark in _MARK.finditer(body):
        left, equals, right = mark[1].replace(" ", "").replace(",", "").rpartition("=")
        if not equals:
            raise ProblemError(f"the mark <<{mark[1]}>> has no equals sign")
        wanted, stated = calculate(left), calculate(right)
        if abs(wanted - stated) > _ROUNDED * max(Fraction(1), abs(wanted)):
            raise ProblemError(
                f"the mark <<{mark[1]}>> is false: the left side is {float(wanted):g}"
            )
        if _SINGLE.fullmatch(left) is None:
            kept.setdefault(left, (mark, left, right))
    if not kept:
        raise ProblemError(
            "no mark that calculates, such as <<16-3-4=9>>, so there is no reference path"
        )
    if len(kept) > MAX_STEPS:
        raise ProblemError(f"{len(kept)} marks; more than {MAX_STEPS} are not taken for steps")
    return list(kept.values())


def _steps(
    question: str, body: str, marks: list[tuple[re.Match[str], str, str]], answer: str
) -> list[dict[str, Any]]:
    given = {calculate(number.replace(",", "")) for number in _NUMBERS.findall(question)}
    results = [calculate(right) for _, _, right in marks]
    steps: list[dict[str, Any]] = []
    for index, (mark, left, right) in enumerate(marks):
        result, last = results[index], index == len(marks) - 1
        evidence: list[dict[str, Any]] = [{"eq": f"{left} = {right}", "tol": 0.01}]
        unique = result not in given and results.count(result) == 1
        if last or (unique and result != calculate(answer)):
            evidence.append({"value": right})
        used = {calculate(number) for number in _NUMBERS.findall(left)}
        requires = [f"s{i + 1}" for i in range(index) if results[i] in used - given]
        steps.append(
            {
                "id": f"s{index + 1}",
                "describe": {LANGUAGE: _line_of(body, mark)},
                "evidence": {"any_of": evidence},
                "requires": requires,
                "exclude": ["answer"] if last else [],
            }
        )
    return steps


def _line_of(body: str, mark: re.Match[str]) -> str:
    start, end = body.rfind("\n", 0, mark.start()) + 1, body.find("\n", mark.end())
    return _MARK.sub("", body[start : end if end >= 0 else len(body)]).strip()


def _solution(
    body: str, marks: list[tuple[re.Match[str], str, str]], answer: str
) -> dict[str, Any]:
    """Cut the solution into blocks: one ends with the line of its mark or before the next mark."""
    blocks: list[dict[str, Any]] = []
    at = 0
    for index, (mark, _, _) in enumerate(marks):
        end = body.find("\n", mark.end())
        end = len(body) if end < 0 else end
        if index + 1 < len(marks) and marks[index + 1][0].start() < end:
            result = re.match(r"\s*[$]?[\d,.]*", body[mark.end() :])
            end = mark.end() + (result.end() if result else 0)
        blocks.append({"step": f"s{index + 1}", "text": _MARK.sub("", body[at:end]).strip() or "-"})
        at = end
    blocks.append(
        {"step": None, "text": f"{_MARK.sub('', body[at:]).strip()}\nAnswer: {answer}".strip()}
    )
    return {"id": "source", "lang": LANGUAGE, "path": "marks", "blocks": blocks}
