"""CMATH (Wei et al. 2023): Chinese primary-school word problems with a number as answer.

Licence: MIT (code) and CC BY 4.0 (data). Format: JSON objects with ``input``,
``golden``, ``grade`` and ``reasoning_step``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from problems.importers.arithmetic import calculate
from problems.importers.making import answer_only_path, make_problem, plain_number
from problems.importers.rows import Refusal, Row, json_rows
from problems.reading import whole
from problems.schema import Problem

NAME = "cmath"
LICENCE = "MIT and CC-BY-4.0"
SOURCE = "XiaoMi/cmath"
LANGUAGE = "zh"


def rows(file: Path) -> Iterator[Row | Refusal]:
    """Yield the rows of the file."""
    return json_rows(file)


def convert(row: Row) -> Problem:
    """Return the problem of a row. Raise `ProblemError` where the answer is not a number."""
    golden = row.text("golden")
    if "/" in golden:
        calculate(golden)
        answer = {"kind": "value", "any_of": [golden]}
    else:
        answer = {"kind": "value", "any_of": [plain_number(golden)]}
    grade = whole(row.data.get("grade", 1), ("grade",), low=1, high=12)
    return make_problem(
        {
            "id": f"cmath-{row.number:04d}",
            "difficulty": whole(
                row.data.get("reasoning_step", 3), ("reasoning_step",), low=1, high=5
            ),
            "topics": ["word problem", f"grade {grade}"],
            "problem": {LANGUAGE: row.text("input")},
            "answer": answer,
            "paths": [answer_only_path(answer)],
            "source": f"{SOURCE}, row {row.number}",
            "licence": LICENCE,
        }
    )
