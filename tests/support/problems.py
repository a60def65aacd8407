"""Small problems for tests: one path, evidence given as YAML mappings, the rest filled in."""

from __future__ import annotations

from typing import Any

from problems.schema import Problem


def make_problem(
    *evidence: dict[str, Any],
    answer: dict[str, Any] | None = None,
    variables: dict[str, Any] | None = None,
    aliases: dict[str, list[str]] | None = None,
    statement: str = "Find it.",
    **step: Any,
) -> Problem:
    """Return a problem with one step for each evidence item, named s1, s2 and so on."""
    steps = [{"id": f"s{i}", "evidence": item, **step} for i, item in enumerate(evidence, start=1)]
    return Problem.from_dict(
        {
            "schema": "refpath/1",
            "id": "test-problem",
            "level": "university",
            "problem": {"en": statement},
            "vars": variables or {},
            "aliases": aliases or {},
            "answer": answer or {"kind": "proof"},
            "paths": [{"id": "main", "steps": steps}],
        }
    )
