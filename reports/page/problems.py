"""Problems for the page: statement, reference answer and the steps of each path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]


def problem_documents(problems: Iterable[Row], language: str) -> dict[str, dict[str, Any]]:
    """Return what the page shows of each problem, by its id, in the language of the run.

    Documents are read as they were stored, whatever the schema said then: a key that is missing
    leaves its place empty.
    """
    return {row["problem"]: _problem(row, language) for row in problems}


def _problem(row: Row, language: str) -> dict[str, Any]:
    document = row["document"]
    answer = document.get("answer") or {}
    return {
        "category": row["category"],
        "statement": _in_language(document.get("problem"), language),
        "answer": [str(writing) for writing in answer.get("any_of") or ()],
        "kind": answer.get("kind"),
        "paths": {
            path["id"]: {
                step["id"]: {
                    "describe": _in_language(step.get("describe"), language),
                    "necessary": step.get("necessary", True),
                }
                for step in path.get("steps", ())
            }
            for path in document.get("paths") or ()
        },
    }


def _in_language(texts: Mapping[str, str] | None, language: str) -> str:
    """Return the text in the language, else in any other."""
    if not texts:
        return ""
    return str(texts.get(language) or next(iter(texts.values()))).strip()
