"""MGSM in Chinese (Shi et al. 2022): 250 problems of GSM8K, translated, with a number as answer.

Licence: CC BY 4.0. Format: tab-separated question and answer, without a head.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from problems.importers.making import answer_only_path, make_problem, plain_number
from problems.importers.rows import Refusal, Row, tab_separated
from problems.schema import Problem

NAME = "mgsm-zh"
LICENCE = "CC-BY-4.0"
SOURCE = "google-research/url-nlp"
LANGUAGE = "zh"


def rows(file: Path) -> Iterator[Row | Refusal]:
    """Yield the rows of the file."""
    return tab_separated(file, ("question", "answer"))


def convert(row: Row) -> Problem:
    """Return the problem of a row. Raise `ProblemError` for an answer that is no number."""
    answer = {"kind": "value", "any_of": [plain_number(row.text("answer"))]}
    return make_problem(
        {
            "id": f"mgsm-zh-{row.number:03d}",
            "topics": ["word problem"],
            "problem": {LANGUAGE: row.text("question")},
            "answer": answer,
            "paths": [answer_only_path(answer)],
            "source": f"{SOURCE}, row {row.number}",
            "licence": LICENCE,
        }
    )
