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

import numpy as np

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
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One step that a verifier is tried on, with the marks of computation around it."""

    base: Base
    #: The kind of the fault in it; None for an untouched step.
    kind: str | None
    #: All steps of the text that it stands in.
    steps: tuple[MarkedStep, ...]
    #: Where it stands among them; None for a fault behind the last step.
    index: int | None
    #: Whether computation decides it while it is untouched.
    parsed: bool
    #: Whether computation marks it, or a step behind it, as wrong or in need of a premise.
    found_later: bool = False

    @property
    def step(self) -> MarkedStep | None:
        """The step with its mark by computation."""
        return None if self.index is None else self.steps[self.index]


@dataclass(slots=True)
class Tally:
    """What one answer shows, to say how sure the difference of two rates is."""

    planted: int = 0
    caught: int = 0
    steps: int = 0
    alarms: int = 0


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
    #: Untouched steps that a model gave no label for before the deadline.
    late: int = 0
    alarms: list[dict[str, Any]] = field(default_factory=list)
    #: Faults of calculation and untouched steps by problem.
    tallies: dict[str, Tally] = field(default_factory=dict)

    def count(self, trial: Trial, step: MarkedStep | None, *, parsed: bool) -> None:
        """Count a trial with the mark of the verifier under test; ``parsed``: it could read it."""
        problem = trial.base.problem.id
        self.problems.add(problem)
        alarmed = step is not None and _alarmed(step)
        tally = self.tallies.setdefault(problem, Tally())
        if trial.kind is not None:
            count = self.faults[trial.kind]
            count.n += 1
            count.parsed += parsed
            count.caught += alarmed
            count.caught_parsed += alarmed and parsed
            count.caught_later += alarmed or trial.found_later
            if trial.kind in CALCULATION:
                tally.planted += 1
                tally.caught += alarmed
            return
        row = self.untouched.setdefault(trial.base.source, [0, 0, 0, 0])
        row[0] += 1
        row[1] += parsed
        row[2] += step is None or step.mark == "unverified"
        row[3] += alarmed
        tally.steps += 1
        tally.alarms += alarmed
        if step is None:
            return
        self.latencies_ms += [step.latency_ms] if step.latency_ms else []
        self.late += step.late
        if alarmed:
            self.alarms.append({
                "problem": problem, "answer": trial.base.name, "mark": step.mark,
                "text": step.text, "reason": step.reason,
            })  # fmt: skip

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
        self.late += other.late
        self.alarms += other.alarms
        self.tallies |= other.tallies  # halves share no problem

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
            "late": self.late,
            "above_constant": above_constant(list(self.tallies.values())),
        }  # fmt: skip


def split_of(problem_id: str) -> Split:
    """Return the half that a problem belongs to, by its id: the same on every machine."""
    odd = hashlib.sha256(f"verify-bench {problem_id}".encode()).digest()[0] % 2
    return "test" if odd else "development"


def bases(problems: ProblemSet, labelled: Iterable[LabelledSet]) -> Iterator[Base]:
    """Yield the worked solutions, and the labelled answers in which markers found nothing wrong."""
    for problem in problems:
        for solution in problem.solutions:
            yield Base(
                problem=problem, name=solution.id, text=solution.text, source="worked",
                language=solution.lang,
            )  # fmt: skip
    for loaded in labelled:
        for answer in loaded.answers:
            fine = all(
                labels.answer_correct is True
                and not {"wrong", "present_invalid"} & set(labels.steps.values())
                for labels in answer.labels
            )
            if fine and not answer.style.startswith("slip"):
                yield Base(
                    problem=answer.problem, name=answer.name, text=answer.text, source="answer",
                    language=answer.language,
                )  # fmt: skip


def trials(base: Base, *, verify: Verify = verify_text) -> Iterator[Trial]:
    """Yield the untouched steps of an answer, then the altered step of each of its variants."""
    untouched = verify(base.problem, base.text).steps
    for index, step in enumerate(untouched):
        yield Trial(base=base, kind=None, steps=untouched, index=index, parsed=step.parsed)
    for fault in planted_faults(base.problem, base.text, seed=base.name):
        steps = verify(base.problem, fault.text).steps
        before = _step_at(untouched, fault.at)
        at = _step_at(steps, fault.start)
        yield Trial(
            base=base,
            kind=fault.kind,
            steps=steps,
            index=at,
            parsed=before is not None and untouched[before].parsed,
            found_later=any(_alarmed(step) and step.end > fault.start - 1 for step in steps),
        )


def new_reports() -> dict[Split, SplitReport]:
    """Return an empty report for each half of the problems."""
    return {split: SplitReport() for split in SPLITS}


def run_bench(chosen: Iterable[Base], *, verify: Verify = verify_text) -> dict[Split, SplitReport]:
    """Verify each answer untouched and with each of its faults."""
    reports = new_reports()
    for base in chosen:
        count_computed(reports, base, trials(base, verify=verify))
    return reports


def count_computed(reports: dict[Split, SplitReport], base: Base, tried: Iterable[Trial]) -> None:
    """Count one answer with the marks of computation."""
    report = reports[split_of(base.problem.id)]
    report.bases += 1
    for trial in tried:
        report.count(trial, trial.step, parsed=trial.parsed)


def above_constant(tallies: Sequence[Tally]) -> dict[str, float] | None:
    """Return the catch rate of faults of calculation less the rate of false alarms.

    A verifier that marks steps whatever they say has 0, however often it does. With a 95 %
    interval from 2,000 samples of the problems; None without faults or steps.
    """
    rows = np.array([[t.caught, t.planted, t.alarms, t.steps] for t in tallies], dtype=float)
    if not len(rows) or not rows[:, 1].sum() or not rows[:, 3].sum():
        return None
    drawn = np.random.default_rng(7).integers(0, len(rows), size=(2000, len(rows)))
    sums = rows[drawn].sum(axis=1)
    sums = sums[(sums[:, 1] > 0) & (sums[:, 3] > 0)]
    differences = sums[:, 0] / sums[:, 1] - sums[:, 2] / sums[:, 3]
    low, high = np.quantile(differences, (0.025, 0.975))
    total = rows.sum(axis=0)
    return {
        "difference": round(float(total[0] / total[1] - total[2] / total[3]), 4),
        "ci_low": round(float(low), 4),
        "ci_high": round(float(high), 4),
    }


def whole(reports: Iterable[SplitReport]) -> SplitReport:
    """Return what all halves show together."""
    total = SplitReport()
    for report in reports:
        total.add(report)
    return total


def _alarmed(step: MarkedStep) -> bool:
    return step.mark in ("wrong", "needs_premise")


def _step_at(steps: Sequence[MarkedStep], at: int) -> int | None:
    """Return where the step that holds an offset stands, or the next one behind it."""
    return next((index for index, step in enumerate(steps) if step.end > at), None)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _at(values: Sequence[float], share: float) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 3)
