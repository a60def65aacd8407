r"""ProcessBench (Zheng et al. 2024): solutions by models, the first wrong step marked by people.

Licence: none stated in its repository, so keep your copy to yourself. Format: JSON objects with
``id``, ``problem``, ``steps``, ``final_answer_correct`` and ``label``, which is -1 where every
step is right. The set holds no reference answers, so only rows that are right throughout become
problems: their answer is the last ``\boxed{}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from problems.errors import ProblemError
from problems.importers.making import (
    answer_only_path,
    last_box,
    make_problem,
    prose_solution,
    read_answer,
)
from problems.importers.rows import Refusal, Row, json_rows
from problems.reading import flag, texts, whole
from problems.schema import Problem

NAME = "processbench"
LICENCE = "not stated"
SOURCE = "ProcessBench"
LANGUAGE = "en"


def rows(file: Path) -> Iterator[Row | Refusal]:
    """Yield the rows of the file, a list or one object a line."""
    return json_rows(file)


def convert(row: Row) -> Problem:
    """Return the problem of a row that is right throughout. Raise `ProblemError` for others."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", row.text("id")).strip("-")
    steps = texts(row.data.get("steps"), ("steps",))
    label = whole(row.data.get("label"), ("label",), low=-1, high=len(steps) - 1)
    if label >= 0:
        raise ProblemError(
            f"the solution is wrong from step {label + 1} on, so it gives no answer to compare with"
        )
    if not flag(row.data.get("final_answer_correct"), ("final_answer_correct",)):
        raise ProblemError("the final answer is wrong, so it gives no answer to compare with")
    solution = "\n\n".join(steps)
    boxed = last_box(solution)
    if boxed is None:
        raise ProblemError("the solution has no \\boxed{} answer")
    answer = read_answer(boxed)
    path = answer_only_path(answer)
    return make_problem(
        {
            "id": f"processbench-{name}",
            "topics": [name.rpartition("-")[0] or name],
            "problem": {LANGUAGE: row.text("problem")},
            "answer": answer,
            "paths": [path],
            "solutions": [prose_solution(solution, LANGUAGE, path["id"], path["steps"][0]["id"])],
            "source": f"{SOURCE}, {row.text('id')}",
            "licence": LICENCE,
        }
    )
