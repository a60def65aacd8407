"""MATH-500 (Hendrycks et al. 2021, Lightman et al. 2023): competition problems with solutions.

Licence: MIT. Format: JSON objects with ``problem``, ``solution``, ``answer`` in LaTeX,
``subject``, ``level`` and ``unique_id``. Prose has no marked steps, so the one step of the path
is the answer; the solution is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from problems.importers.making import answer_only_path, make_problem, prose_solution, read_answer
from problems.importers.rows import Refusal, Row, json_rows
from problems.reading import whole
from problems.schema import Problem

NAME = "math500"
LICENCE = "MIT"
SOURCE = "MATH-500"
LANGUAGE = "en"


def rows(file: Path) -> Iterator[Row | Refusal]:
    """Yield the rows of the file."""
    return json_rows(file)


def convert(row: Row) -> Problem:
    """Return the problem of a row. Raise `ProblemError` for a part missing or of the wrong kind."""
    unique = re.sub(
        r"[^A-Za-z0-9]+", "-", row.text("unique_id").removeprefix("test/").removesuffix(".json")
    ).strip("-")
    answer = read_answer(row.text("answer"))
    path = answer_only_path(answer)
    return make_problem(
        {
            "id": f"math500-{unique}",
            "difficulty": whole(row.data.get("level", 3), ("level",), low=1, high=5),
            "topics": [row.text("subject")],
            "problem": {LANGUAGE: row.text("problem")},
            "answer": answer,
            "paths": [path],
            "solutions": [
                prose_solution(row.text("solution"), LANGUAGE, path["id"], path["steps"][0]["id"])
            ],
            "source": f"{SOURCE}, {row.text('unique_id')}",
            "licence": LICENCE,
        }
    )
