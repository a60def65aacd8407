"""Score a verifier on ProcessBench by its own protocol.

A row holds a solution cut into steps and the index of the first wrong one, -1 for none. The
verifier's prediction is the first step that it marks as wrong, else -1. F1 is the harmonic mean of
the accuracy on rows with a wrong step and of that on rows without (Zheng et al. 2024).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from problems.errors import ProblemError
from problems.importers.making import answer_only_path, make_problem
from problems.importers.rows import Refusal, Row
from problems.reading import texts, whole
from scoring.quality.verification_bench import Split
from scoring.verification.verify import verify_text

#: Average F1 over the four files, in per cent, as published with GenPRM.
PUBLISHED = {
    "Math-Shepherd-PRM-7B": 31.5, "GenPRM-1.5B, pass@1": 57.3, "GPT-4o-0806, critic": 61.9,
    "Qwen2.5-Math-PRM-7B": 73.5, "GenPRM-7B, pass@1": 75.2, "Qwen2.5-Math-PRM-72B": 78.3,
    "o1-mini, critic": 87.9,
}  # fmt: skip
SEPARATOR = "\n\n"

#: Problem text and steps; returns the index of the first wrong step, or -1.
Predict = Callable[[str, Sequence[str]], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSolution:
    """One row: a problem, a solution in steps and its first wrong step, -1 for none."""

    problem: str
    steps: tuple[str, ...]
    label: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolScore:
    """Accuracies on both kinds of rows and their harmonic mean; None without rows of a kind."""

    rows_wrong: int
    rows_right: int
    found: int
    accepted: int

    @property
    def accuracy_wrong(self) -> float | None:
        """Share of rows with a wrong step whose first wrong step is named."""
        return self.found / self.rows_wrong if self.rows_wrong else None

    @property
    def accuracy_right(self) -> float | None:
        """Share of rows without a wrong step in which none is named."""
        return self.accepted / self.rows_right if self.rows_right else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both."""
        a, b = self.accuracy_wrong, self.accuracy_right
        if a is None or b is None:
            return None
        return 2 * a * b / (a + b) if a + b else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract."""
        return {
            "rows": self.rows_wrong + self.rows_right,
            "rows_wrong": self.rows_wrong,
            "rows_right": self.rows_right,
            "accuracy_wrong": self.accuracy_wrong,
            "accuracy_right": self.accuracy_right,
            "f1": self.f1,
        }


def read_solution(row: Row) -> LabelledSolution:
    """Return a row of any label. Raise `ProblemError` for one that does not fit."""
    steps = texts(row.data.get("steps"), ("steps",))
    label = whole(row.data.get("label"), ("label",), low=-1, high=len(steps) - 1)
    return LabelledSolution(problem=row.text("problem"), steps=tuple(steps), label=label)


def read_solutions(
    rows: Iterable[Row | Refusal],
) -> tuple[list[LabelledSolution], list[str]]:
    """Return the rows that fit, and a sentence for each that does not."""
    solutions, refused = [], []
    for row in rows:
        if isinstance(row, Refusal):
            refused.append(f"line {row.line}: {row.sentence}")
            continue
        try:
            solutions.append(read_solution(row))
        except ProblemError as error:
            refused.append(f"line {row.line}: {error}")
    return solutions, refused


def protocol_score(solutions: Iterable[LabelledSolution], predict: Predict) -> ProtocolScore:
    """Return how well a verifier names the first wrong step."""
    wrong = right = found = accepted = 0
    for one in solutions:
        predicted = predict(one.problem, one.steps)
        if one.label < 0:
            right += 1
            accepted += predicted < 0
        else:
            wrong += 1
            found += predicted == one.label
    return ProtocolScore(rows_wrong=wrong, rows_right=right, found=found, accepted=accepted)


def majority_label(solutions: Sequence[LabelledSolution]) -> int:
    """Return the most frequent label, the smallest of equals: what a constant would say."""
    labels = [one.label for one in solutions]
    return min(set(labels), key=lambda label: (-labels.count(label), label))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedSolution:
    """What computation says of one row."""

    #: The first step of the row that it marks as wrong, or -1.
    predicted: int
    #: Derivation steps before the first wrong step of the row, and those with an alarm.
    right_steps: int
    alarms: int
    #: Those that it could check.
    parsed: int


def half_of(problem: str) -> Split:
    """Return the half that a problem's rows belong to: the rules were mended on development."""
    odd = hashlib.sha256(f"processbench {problem}".encode()).digest()[0] % 2
    return "test" if odd else "development"


def by_computation(problem: str, steps: Sequence[str]) -> int:
    """Return the first step that computation marks as wrong, or -1."""
    row = LabelledSolution(problem=problem, steps=tuple(steps), label=-1)
    return computed(row).predicted


def computed(row: LabelledSolution) -> ComputedSolution:
    """Return the marks of computation on a row, held against its label."""
    answer = {"kind": "value", "any_of": ["0"]}
    path = answer_only_path(answer)
    made = make_problem({
        "id": "processbench-row", "problem": {"en": row.problem}, "answer": answer, "paths": [path],
    })  # fmt: skip
    ends = list(accumulate(len(step) + len(SEPARATOR) for step in row.steps))
    marked = verify_text(made, SEPARATOR.join(row.steps)).steps
    placed = [(min(bisect_right(ends, one.start), len(ends) - 1), one) for one in marked]
    right = [one for at, one in placed if row.label < 0 or at < row.label]
    return ComputedSolution(
        predicted=next((at for at, one in placed if one.mark == "wrong"), -1),
        right_steps=len(right),
        alarms=sum(one.mark in ("wrong", "needs_premise") for one in right),
        parsed=sum(one.parsed for one in right),
    )


def alarm_rates(rows: Sequence[ComputedSolution]) -> dict[str, Any]:
    """Return false alarms over the steps that people found right: counts and shares."""
    steps, alarms = sum(one.right_steps for one in rows), sum(one.alarms for one in rows)
    return {
        "right_steps": steps,
        "false_alarms": alarms,
        "false_alarm_rate": alarms / steps if steps else None,
        "parsed_share": sum(one.parsed for one in rows) / steps if steps else None,
    }
