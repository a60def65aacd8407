"""Rules + judge: what both say of the steps of an answer, and the score that follows.

The view ``eval.merged_step`` holds the same rule for queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from problems.schema import Path
from scoring.judging.reply import JudgeVerdict

#: Verdicts of the rules that a judge is asked about and can change.
OPEN = frozenset({"missing", "undetermined", "unclear"})
UNDETERMINED = frozenset({"undetermined", "unclear"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedStep:
    """One step in the eyes of the rules, of the judge, and of both together."""

    step_id: str
    rules: str
    #: None where the judge was not asked or gave nothing that can be used; ``reason`` says why.
    judge: str | None
    verdict: str
    reason: str = ""

    @property
    def flagged(self) -> bool:
        """Whether the rules say done and the judge does not; the step stays done."""
        return self.rules == "done" and self.judge not in (None, "done")


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedScore:
    """The score of rules + judge along one path."""

    steps: tuple[MergedStep, ...]
    score7: float
    #: ``score7`` if every step that is still undetermined were done.
    score7_high: float
    #: Share of the necessary steps, by weight, that rules or judge decided.
    coverage: float

    @property
    def steps_changed(self) -> int:
        """Number of steps whose verdict the judge changed."""
        return sum(step.verdict != step.rules for step in self.steps)

    @property
    def dones_flagged(self) -> int:
        """Number of steps that the rules say are done and the judge does not."""
        return sum(step.flagged for step in self.steps)


def open_steps(path: Path, rules: Mapping[str, str]) -> tuple[str, ...]:
    """Return the necessary steps of a path that a judge is asked about."""
    return tuple(step.id for step in path.necessary if rules.get(step.id) in OPEN)


def merge(path: Path, rules: Mapping[str, str], judged: Iterable[JudgeVerdict]) -> MergedScore:
    """Return what the rules and one judge say together.

    ``rules`` maps steps to verdicts; of ``judged``, oldest first, the newest usable verdict on a
    step counts. A judge can turn missing or undetermined into done, wrong or missing. It takes no
    ``done`` of the rules away, it only flags it; without a usable reply a step stays as it was.
    """
    newest: dict[str, JudgeVerdict] = {}
    for verdict in judged:
        if verdict.verdict is not None or verdict.step_id not in newest:
            newest[verdict.step_id] = verdict
    steps = tuple(_merged(step, said, newest.get(step)) for step, said in rules.items())
    found = {step.step_id: step.verdict for step in steps}
    done, undetermined = shares(path, found)
    return MergedScore(
        steps=steps,
        score7=round(7 * done, 4),
        score7_high=round(7 * (done + undetermined), 4),
        coverage=1 - undetermined,
    )


def shares(path: Path, verdicts: Mapping[str, str]) -> tuple[float, float]:
    """Return the shares of the necessary steps, by weight, that are done and undetermined."""
    weight = sum(step.weight for step in path.necessary)
    done, undetermined = (
        sum(step.weight for step in path.necessary if verdicts.get(step.id) in kind) / weight
        for kind in (frozenset({"done"}), UNDETERMINED)
    )
    return done, undetermined


def _merged(step_id: str, rules: str, said: JudgeVerdict | None) -> MergedStep:
    judge = None if said is None else said.verdict
    return MergedStep(
        step_id=step_id,
        rules=rules,
        judge=judge,
        verdict=judge if judge is not None and rules in OPEN else rules,
        reason="" if said is None else said.reason,
    )
