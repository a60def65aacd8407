"""Put the verifier under test: planted faults by kind, and untouched steps.

Rates of different kinds are never averaged: computation finds what is calculated, and hardly
anything else.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from problems.labelling import LabelledSet
from problems.loader import ProblemSet
from problems.schema import Problem
from scoring.quality.planted_faults import CALCULATION, KINDS, planted_faults
from scoring.verification.marks import MarkedStep
from scoring.verification.verify import Verification, verify_text

Split = Literal["development", "test"]
SPLITS: tuple[Split, ...] = ("test", "development")
Verify = Callable[[Problem, str], Verification]


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A right answer that faults are planted in."""

    problem: Problem
    name: str
    text: str
    #: ``worked`` for a worked solution of the problem, ``answer`` for a labelled one.
    source: str


@dataclass(slots=True)
class FaultCount:
    """Planted faults of one kind: those in a step that computation decides, and those found."""

    n: int = 0
    parsed: int = 0
    caught: int = 0
    caught_parsed: int = 0
    #: Found in the altered step or any behind it.
    caught_later: int = 0

    def add(self, other: FaultCount) -> None:
        """Count the faults of another as well."""
        self.n += other.n
        self.parsed += other.parsed
        self.caught += other.caught
        self.caught_parsed += other.caught_parsed
        self.caught_later += other.caught_later

    def to_dict(self, kind: str) -> dict[str, Any]:
        """Return the row of the table."""
        return {
            "kind": kind,
            "n": self.n,
            "parsed": self.parsed,
            "caught": self.caught,
            "caught_parsed": self.caught_parsed,
            "caught_later": self.caught_later,
            "rate": _share(self.caught, self.n),
            "rate_parsed": _share(self.caught_parsed, self.parsed),
        }


@dataclass(slots=True)
class SplitReport:
    """What one half of the problems shows."""

    problems: set[str] = field(default_factory=set)
    bases: int = 0
    faults: dict[str, FaultCount] = field(
        default_factory=lambda: {kind: FaultCount() for kind in KINDS}
    )
    #: Untouched steps by source: all, parsed, unverified, alarms.
    untouched: dict[str, list[int]] = field(default_factory=dict)
    latencies_ms: list[float] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=list)

    def calculation(self) -> FaultCount:
        """Return the three kinds of calculation together, which the wanted rates speak of."""
        total = FaultCount()
        for kind in CALCULATION:
            total.add(self.faults[kind])
        return total

    def add(self, other: SplitReport) -> None:
        """Count what another half shows as well."""
        self.problems |= other.problems
        self.bases += other.bases
        for kind, count in other.faults.items():
            self.faults[kind].add(count)
        for source, row in other.untouched.items():
            own = self.untouched.setdefault(source, [0, 0, 0, 0])
            self.untouched[source] = [a + b for a, b in zip(own, row, strict=True)]
        self.latencies_ms += other.latencies_ms
        self.alarms += other.alarms

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract of one split."""
        sums = [sum(column) for column in zip(*self.untouched.values(), strict=True)] or [0] * 4
        return {
            "problems": len(self.problems),
            "answers": self.bases,
            "faults": [self.faults[kind].to_dict(kind) for kind in KINDS],
            "calculation": self.calculation().to_dict("calculation"),
            "steps": sums[0],
            "parsed_share": _share(sums[1], sums[0]),
            "unverified_share": _share(sums[2], sums[0]),
            "false_alarms": sums[3],
            "false_alarm_rate": _share(sums[3], sums[0]),
            "untouched": [
                {
                    "source": source, "steps": row[0], "parsed_share": _share(row[1], row[0]),
                    "unverified_share": _share(row[2], row[0]), "false_alarms": row[3],
                    "false_alarm_rate": _share(row[3], row[0]),
                }
                for source, row in sorted(self.untouched.items())
            ],
            "latency_ms": {"p50": _at(self.latencies_ms, 0.5), "p95": _at(self.latencies_ms, 0.95)},
        }  # fmt: skip


def split_of(problem_id: str) -> Split:
    """Return the half that a problem belongs to, by its id: the same on every machine."""
    odd = hashlib.sha256(f"verify-bench {problem_id}".encode()).digest()[0] % 2
    return "test" if odd else "development"


def bases(problems: ProblemSet, labelled: Iterable[LabelledSet]) -> Iterator[Base]:
    """Yield the worked solutions, and the labelled answers in which markers found nothing wrong."""
    for problem in problems:
        for solution in problem.solutions:
            yield Base(problem=problem, name=solution.id, text=solution.text, source="worked")
    for loaded in labelled:
        for answer in loaded.answers:
            fine = all(
                labels.answer_correct is True
                and not {"wrong", "present_invalid"} & set(labels.steps.values())
                for labels in answer.labels
            )
            if fine and not answer.style.startswith("slip"):
                yield Base(
                    problem=answer.problem, name=answer.name, text=answer.text, source="answer"
                )


def run_bench(chosen: Iterable[Base], *, verify: Verify = verify_text) -> dict[Split, SplitReport]:
    """Verify each answer untouched and with each of its faults."""
    reports: dict[Split, SplitReport] = {split: SplitReport() for split in SPLITS}
    for base in chosen:
        report = reports[split_of(base.problem.id)]
        report.problems.add(base.problem.id)
        report.bases += 1
        untouched = verify(base.problem, base.text).steps
        _count_untouched(report, base, untouched)
        for fault in planted_faults(base.problem, base.text, seed=base.name):
            count = report.faults[fault.kind]
            steps = verify(base.problem, fault.text).steps
            count.n += 1
            before = _step_at(untouched, fault.at)
            parsed = before is not None and before.parsed
            found = [step for step in steps if _alarmed(step) and step.end > fault.start - 1]
            at = _step_at(steps, fault.start)
            caught = at is not None and _alarmed(at)
            count.parsed += parsed
            count.caught += caught
            count.caught_parsed += caught and parsed
            count.caught_later += bool(found)
    return reports


def whole(reports: Iterable[SplitReport]) -> SplitReport:
    """Return what all halves show together."""
    total = SplitReport()
    for report in reports:
        total.add(report)
    return total


def _count_untouched(report: SplitReport, base: Base, steps: Sequence[MarkedStep]) -> None:
    row = report.untouched.setdefault(base.source, [0, 0, 0, 0])
    for step in steps:
        row[0] += 1
        row[1] += step.parsed
        row[2] += step.mark == "unverified"
        row[3] += _alarmed(step)
        report.latencies_ms.append(step.latency_ms)
        if _alarmed(step):
            report.alarms.append({
                "problem": base.problem.id, "answer": base.name, "mark": step.mark,
                "text": step.text, "reason": step.reason,
            })  # fmt: skip


def _alarmed(step: MarkedStep) -> bool:
    return step.mark in ("wrong", "needs_premise")


def _step_at(steps: Sequence[MarkedStep], at: int) -> MarkedStep | None:
    """Return the step that holds an offset, or the next one behind it."""
    return next((step for step in steps if step.end > at), None)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _at(values: Sequence[float], share: float) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 3)
