"""Score a verifier on ProcessBench by its own protocol.

A row holds a solution cut into steps and the index of the first wrong one, -1 for none. The
verifier's prediction is the first step that it marks as wrong, else -1. F1 is the harmonic mean of
the accuracy on rows with a wrong step and of that on rows without (Zheng et al. 2024).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from problems.errors import ProblemError
from problems.importers.making import answer_only_path, make_problem
from problems.importers.rows import Refusal, Row
from problems.reading import texts, whole
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


def by_computation(problem: str, steps: Sequence[str]) -> int:
    """Return the first step that computation marks as wrong, or -1."""
    answer = {"kind": "value", "any_of": ["0"]}
    path = answer_only_path(answer)
    made = make_problem(
        {"id": "processbench-row", "problem": {"en": problem}, "answer": answer, "paths": [path]}
    )
    text = SEPARATOR.join(steps)
    wrong = [step.start for step in verify_text(made, text).steps if step.mark == "wrong"]
    if not wrong:
        return -1
    end = 0
    for index, step in enumerate(steps):
        end += len(step) + len(SEPARATOR)
        if wrong[0] < end:
            return index
    return len(steps) - 1
