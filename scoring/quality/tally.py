"""Counts of how said marks compare with true ones, and the figures that they give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.quality.marks import Marks
from scoring.steps.verdict import VERDICTS

Counts = NDArray[np.float64]
_DONE, _MISSING = VERDICTS.index("done"), VERDICTS.index("missing")
_UNDETERMINED = VERDICTS.index("undetermined")


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of how said marks compare with true ones; tallies add up.

    ``steps[t, s]`` counts steps with the true verdict t that were said to be s (order of
    `VERDICTS`), ``marks[t, s]`` answers by marks rounded to 0..7, ``guesses[t, s]`` answers by
    guess flags; ``sums`` holds answers, the sum of absolute errors, answers within one point, the
    sum of signed errors, and the sum of distances of the true mark from the said interval.
    """

    steps: Counts
    marks: Counts
    guesses: Counts
    sums: Counts

    @classmethod
    def of(cls, true: Marks, said: Marks) -> Tally:
        """Count one answer."""
        steps, marks, guesses = np.zeros((5, 5)), np.zeros((8, 8)), np.zeros((2, 2))
        for step, verdict in true.steps.items():
            if verdict != "unclear":
                found = VERDICTS.index(said.steps[step].replace("unclear", "undetermined"))
                steps[VERDICTS.index(verdict), found] += 1
        marks[_rounded(true.score7), _rounded(said.score7)] = 1
        guesses[int(true.guess), int(said.guess)] = 1
        error = said.score7 - true.score7
        outside = max(error, true.score7 - said.high7, 0.0)
        sums = [1.0, abs(error), float(abs(error) <= 1 + 1e-9), error, outside]
        return cls(steps, marks, guesses, np.array(sums))

    @classmethod
    def total(cls, tallies: Sequence[Tally], times: Counts | None = None) -> Tally:
        """Return the sum, each tally taken its number of times."""
        weights = np.ones(len(tallies)) if times is None else times
        names = ("steps", "marks", "guesses", "sums")
        stacks = (np.stack([getattr(tally, name) for tally in tallies]) for name in names)
        return cls(*(np.tensordot(weights, stack, axes=1) for stack in stacks))

    def metrics(self) -> dict[str, Any]:
        """Return every figure; None where undefined, as the precision of a flag never raised."""
        answers = self.sums[0]
        decided = self.steps.copy()
        decided[:, _UNDETERMINED] = 0
        return {
            "kappa": cohen_kappa(two_by_two(self.steps)),
            "mae7": _ratio(self.sums[1], answers),
            "within_one": _ratio(self.sums[2], answers),
            "missing": precision_recall(self.steps, _MISSING),
            "guess": precision_recall(self.guesses, 1),
            "not_done": precision_recall(two_by_two(self.steps), 1),
            "steps_agree": _ratio(np.trace(two_by_two(self.steps)), self.steps.sum()),
            "kappa_verdicts": cohen_kappa(self.steps),
            "qwk": cohen_kappa(self.marks, quadratic=True),
            "bias7": _ratio(self.sums[3], answers),
            "kappa_determined": cohen_kappa(two_by_two(decided)),
            "coverage": _ratio(decided.sum(), self.steps.sum()),
            "done": precision_recall(self.steps, _DONE),
            "mae7_interval": _ratio(self.sums[4], answers),
        }


def cohen_kappa(table: Counts, *, quadratic: bool = False) -> float | None:
    """Return Cohen's kappa of a square table of counts, rows one marker, columns the other.

    kappa = 1 - sum(w * observed) / sum(w * expected), with w = 1 off the diagonal (Cohen 1960) or
    (i - j)^2 (Cohen 1968). None where only one category occurs, so that chance explains everything.
    """
    total = table.sum()
    if not total:
        return None
    rows, columns = np.indices(table.shape)
    weights = (rows - columns) ** 2.0 if quadratic else (rows != columns).astype(float)
    by_chance = np.outer(table.sum(axis=1), table.sum(axis=0))
    expected = float((weights * by_chance).sum()) / float(total)
    return None if expected == 0 else 1.0 - float((weights * table).sum()) / expected


def precision_recall(table: Counts, category: int) -> dict[str, float | None]:
    """Return precision and recall of one category."""
    both = table[category, category]
    return {
        "precision": _ratio(both, table[:, category].sum()),
        "recall": _ratio(both, table[category, :].sum()),
    }


def two_by_two(steps: Counts) -> Counts:
    """Return the table of verdicts as done (first) against everything else (second)."""
    done, total = steps[_DONE, _DONE], steps.sum()
    said, true = steps[:, _DONE].sum() - done, steps[_DONE, :].sum() - done
    return np.array([[done, true], [said, total - done - said - true]])


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def _rounded(score7: float) -> int:
    return min(7, int(score7 + 0.5))
