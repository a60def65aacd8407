"""GAOKAO-Bench, open-ended mathematics (Zhang et al. 2023): examination questions with solutions.

Licence: Apache-2.0. Format: a JSON object with ``keywords`` and the list ``example``, whose rows
have ``question``, ``answer`` (prose in LaTeX), ``year``, ``index`` and ``score``. Each part (1),
(2), ... of a question is a step, shown by the formula that ends its solution; where it is not
found a judge decides, so the verdict is undetermined and never missing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from problems.errors import ProblemError
from problems.importers.making import make_problem
from problems.importers.rows import Refusal, Row, json_array
from problems.reading import whole
from problems.schema import Problem

NAME = "gaokao-bench"
LICENCE = "Apache-2.0"
SOURCE = "OpenLMLab/GAOKAO-Bench"
LANGUAGE = "zh"
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$]+)\$", re.DOTALL)
_PART = re.compile(
    r"^[ \t]*(?:解|证明|【解答】|【答案】)?[ \t]*[:：.]?"
    r"[ \t]*[（(][ \t]*(\d|I{1,3}V?|[ⅠⅡⅢⅣ]|i{1,3}|[ⅰⅱⅲ])[ \t]*[)）]",
    re.MULTILINE,
)
_ORDER = {
    "I": 1,
    "II": 2,
    "III": 3,
    "Ⅰ": 1,
    "Ⅱ": 2,
    "Ⅲ": 3,
    "Ⅳ": 4,
    "IIIV": 4,
    "i": 1,
    "ii": 2,
    "iii": 3,
}
_ORDER |= {"ⅰ": 1, "ⅱ": 2, "ⅲ": 3}
_RELATION = re.compile(
    r"=|<|>|\\(?:le|ge|leq|geq|leqslant|geqslant|lt|gt|in|perp|parallel)(?![A-Za-z])"
)
MAX_FORMULA = 300


def rows(file: Path) -> Iterator[Row | Refusal]:
    """Yield the rows of the file."""
    return json_array(file, key="example")


def convert(row: Row) -> Problem:
    """Return the problem of a row. Raise `ProblemError` where the solution holds no formula."""
    question, solution = row.text("question"), row.text("answer")
    index = whole(row.data.get("index"), ("index",), low=0, high=100_000)
    year = re.sub(r"\D", "", row.text("year", empty=True)) or "0000"
    parts = _parts(question, solution)
    steps = [_step(number, text) for number, text in enumerate(parts, start=1)]
    return make_problem(
        {
            "id": f"gaokao-{year}-{index:03d}",
            "topics": ["entrance examination"],
            "problem": {LANGUAGE: question},
            "answer": {"kind": "rubric"},
            "paths": [{"id": "parts", "steps": steps}],
            "solutions": [
                {
                    "id": "source",
                    "lang": LANGUAGE,
                    "path": "parts",
                    "blocks": [
                        {"step": f"s{i}", "text": text} for i, text in enumerate(parts, start=1)
                    ],
                }
            ],
            "why": "The evidence is the last formula of each part of the printed solution; "
            "other right writings need a judge.",
            "source": f"{SOURCE}, {row.text('category', empty=True) or 'no category'} {year}, "
            f"index {index}",
            "licence": LICENCE,
        }
    )


def _parts(question: str, solution: str) -> list[str]:
    """Return the solution cut at the question's parts, whole where the two have other parts."""
    wanted = _starts(question)
    starts = _starts(solution)
    if len(wanted) < 2 or len(starts) != len(wanted):
        return [solution]
    cuts = [0, *starts[1:], len(solution)]
    return [solution[a:b].strip() for a, b in itertools.pairwise(cuts)]


def _starts(text: str) -> list[int]:
    """Return where the parts 1, 2, 3, ... begin: the first mark of each number in turn."""
    starts: list[int] = []
    for found in _PART.finditer(text):
        number = int(found[1]) if found[1].isdecimal() else _ORDER.get(found[1], 0)
        if number == len(starts) + 1:
            starts.append(found.start())
    return starts


def _step(number: int, text: str) -> dict[str, Any]:
    formulas = [(found[1] or found[2]).strip(" .,;，。；\n") for found in _FORMULA.finditer(text)]
    kept = [formula for formula in formulas if 0 < len(formula) <= MAX_FORMULA]
    if not kept:
        raise ProblemError(f"part {number} of the solution has no formula to look for")
    related = [formula for formula in kept if _RELATION.search(formula)]
    evidence: dict[str, Any] = (
        {"eq": related[-1], "form": "text"} if related else {"value": kept[-1]}
    )
    return {
        "id": f"s{number}",
        "describe": {"zh": f"完成第 {number} 问", "en": f"solve part {number}"},
        "evidence": evidence,
        "mode": "judge",
        "judge": {
            "zh": f"按参考解答批改第 {number} 问，等价写法同样得分",
            "en": f"mark part {number} by the solution",
        },
    }
