"""Flips: problems whose final answer was right on one side and is wrong on the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from comparison.paired import Cell, Floats, Integers, Matching
from comparison.significance import binomial_p


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A problem and prompt whose majority of final answers changed sides."""

    cell: Cell
    #: Right on A and wrong on B; else the reverse.
    lost: bool
    #: Right answers, and decided ones.
    right_a: int
    decided_a: int
    right_b: int
    decided_b: int
    #: Index of a result of each side that shows it.
    example_a: int
    example_b: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """All flips, and the test of whether losses and gains are equally likely."""

    flips: tuple[Flip, ...]
    #: Problems whose share of right answers fell, and rose.
    fell: int
    rose: int
    p_value: float


def find_flips(matching: Matching, cells: list[Cell], a: Floats, b: Floats) -> Flips:
    """Find flips; ``a`` and ``b`` have 1 per right result, 0 per wrong, NaN where undecided.

    ``cells`` are those of the matching. A problem is one trial of the binomial test, however many
    prompts and repetitions it has; with one of each the test is McNemar's.
    """
    right_a, decided_a = _counts(matching.codes_a, a, len(cells))
    right_b, decided_b = _counts(matching.codes_b, b, len(cells))
    both = (decided_a > 0) & (decided_b > 0)
    share_a, share_b = right_a / np.maximum(decided_a, 1), right_b / np.maximum(decided_b, 1)
    lost = both & (share_a > 0.5) & (share_b < 0.5)
    won = both & (share_a < 0.5) & (share_b > 0.5)
    change = np.bincount(
        matching.problem_of[both],
        weights=(share_b - share_a)[both],
        minlength=len(matching.problems),
    )
    fell, rose = int((change < -1e-12).sum()), int((change > 1e-12).sum())
    found = tuple(
        Flip(
            cell=cells[index],
            lost=bool(lost[index]),
            right_a=int(right_a[index]),
            decided_a=int(decided_a[index]),
            right_b=int(right_b[index]),
            decided_b=int(decided_b[index]),
            example_a=_example(matching.codes_a, a, index, right=bool(lost[index])),
            example_b=_example(matching.codes_b, b, index, right=not lost[index]),
        )
        for index in [*np.flatnonzero(lost), *np.flatnonzero(won)]
    )
    return Flips(flips=found, fell=fell, rose=rose, p_value=binomial_p(fell, rose))


def _counts(codes: Integers, correct: Floats, cells: int) -> tuple[Integers, Integers]:
    kept = (codes >= 0) & np.isfinite(correct)
    right = np.bincount(codes[kept & (correct == 1)], minlength=cells)
    return right, np.bincount(codes[kept], minlength=cells)


def _example(codes: Integers, correct: Floats, cell: int, *, right: bool) -> int:
    return int(np.flatnonzero((codes == cell) & (correct == (1 if right else 0)))[0])
