"""Give each step at most one place in the answer, so that one occurrence never serves two steps."""

from __future__ import annotations

from collections.abc import Sequence

from scoring.steps.matcher import Hit
from scoring.steps.patterns import CompiledStep


def assign(steps: Sequence[CompiledStep], hits: list[list[Hit]]) -> list[Hit | None]:
    """Return a hit or None for each step; as many steps as possible get one, heavier steps first.

    A step marked ``shared`` may use a place that another step uses too. Deterministic: ties go to
    the earlier place.
    """
    taken: dict[tuple[int, int], int] = {}
    chosen: list[Hit | None] = [None] * len(steps)
    order = sorted(range(len(steps)), key=lambda i: (-steps[i].step.weight, i))
    for index in order:
        if steps[index].step.shared:
            chosen[index] = hits[index][0] if hits[index] else None
        else:
            _place(index, hits, taken, chosen, set())
    return chosen


def _place(
    index: int,
    hits: list[list[Hit]],
    taken: dict[tuple[int, int], int],
    chosen: list[Hit | None],
    tried: set[tuple[int, int]],
) -> bool:
    """Find a place for a step, moving earlier steps elsewhere where that makes room."""
    for hit in hits[index]:
        key = (hit.start, hit.end)
        if key in tried:
            continue
        tried.add(key)
        owner = taken.get(key)
        if owner is None or _place(owner, hits, taken, chosen, tried):
            taken[key] = index
            chosen[index] = hit
            return True
    return False
