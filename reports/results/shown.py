"""Which lists of a run's results stand in the tables that were asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: Lists by another part of the problem set, and those by category in whose place they stand.
IN_PLACE_OF = {"parts": "scores", "part_gaps": "gaps"}
#: Lists that stand beside those a table is named after.
BESIDE = {
    "scores": ("judged", "unscored", "gaps"),
    "resources": ("costs", "cache"),
    "prompts": ("prompt_effects", "prompt_steps"),
    "steps": ("missed_steps",),
}


def by_part(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with its lists by part in place of those by category."""
    return {
        **{key: rows for key, rows in document.items() if key not in IN_PLACE_OF},
        **{key: document[part] for part, key in IN_PLACE_OF.items() if part in document},
    }


def shown_lists(document: Mapping[str, Any], chosen: Sequence[str]) -> dict[str, Any]:
    """Return the lists that the chosen tables show, all of them where none is chosen.

    Jobs without a result are always among them.
    """
    kept = {*chosen, "limits", "missing"}.union(*(BESIDE.get(table, ()) for table in chosen))
    return {key: rows for key, rows in document.items() if not chosen or key in kept}
