"""Results narrowed to models, categories or problems, and shown by another part than category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from db.results.parts import ResultFilter

Row = Mapping[str, Any]
#: Lists that are of all problems: they say nothing of some.
WHOLE = ("resources", "costs", "energy", "cache", "limits", "concurrency")
#: Lists by category: they say nothing of single problems.
BY_CATEGORY = ("scores", "unscored", "prompts", "judged", "verification")


def narrowed(document: Mapping[str, Any], wanted: ResultFilter) -> dict[str, Any]:
    """Return the document with the rows that are meant; lists that cannot say it are empty."""
    kept = {
        key: [row for row in rows if _meant(row, wanted)] if isinstance(rows, list) else rows
        for key, rows in document.items()
    }
    without = (*(WHOLE if wanted.narrows_problems else ()),
               *(BY_CATEGORY if wanted.problems else ()))  # fmt: skip
    return kept | {key: [] for key in without if key in kept}


def meant(means: Sequence[dict[str, Any]], wanted: ResultFilter) -> list[dict[str, Any]]:
    """Return the means of the problems that are meant."""
    return [row for row in means if _meant(row, wanted)]


def _meant(row: Row, wanted: ResultFilter) -> bool:
    given = (
        ("model", wanted.models),
        ("category", wanted.categories),
        ("problem", wanted.problems),
    )
    return all(not names or key not in row or row[key] in names for key, names in given)
