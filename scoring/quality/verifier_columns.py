"""The verifier under test in three columns: computation alone, a model alone, and both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scoring.quality.planted_faults import KINDS
from scoring.quality.verification_bench import (
    Base,
    Split,
    SplitReport,
    Trial,
    count_computed,
    new_reports,
    split_of,
    whole,
)
from scoring.verification.marks import MarkedStep
from scoring.verification.request import step_request

COLUMNS = ("computation", "model", "both")
Messages = list[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a model is sent about a step, and the step without what computation says of it."""

    messages: Messages
    step: MarkedStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """The requests about the step of one trial; None where it needs none."""

    #: For the model alone: every step before it counts.
    alone: Question | None
    #: Behind computation: steps before it that are wrong are left out.
    behind: Question | None

    def __iter__(self) -> Iterator[Question]:
        """Yield those that there are."""
        return (one for one in (self.alone, self.behind) if one is not None)


def questions(trial: Trial) -> Questions:
    """Return what a model is asked about a trial: nothing where the step states nothing."""
    step, index = trial.step, trial.index
    if step is None or index is None or not step.stated:
        return Questions(alone=None, behind=None)
    bare = [_bare(one) for one in trial.steps]
    alone = _question(trial, bare, index)
    return Questions(
        alone=alone, behind=_question(trial, trial.steps, index) if not step.by else None
    )


@dataclass(slots=True)
class Columns:
    """What each of the three verifiers shows, by half of the problems."""

    reports: Mapping[str, dict[Split, SplitReport]] = field(
        default_factory=lambda: {name: new_reports() for name in COLUMNS}
    )

    def count(
        self,
        base: Base,
        tried: Sequence[Trial],
        said: Iterable[tuple[MarkedStep | None, MarkedStep | None]],
    ) -> None:
        """Count an answer; ``said`` holds the step of each trial as a model marks it.

        The first is the model's alone, the second behind computation; None where it was not asked.
        """
        count_computed(self.reports["computation"], base, tried)
        half = split_of(base.problem.id)
        alone, both = self.reports["model"][half], self.reports["both"][half]
        alone.bases += 1
        both.bases += 1
        for trial, (own, behind) in zip(tried, said, strict=True):
            step = trial.step
            bare = replace(trial, found_later=False)
            alone.count(bare, own or (step and _bare(step)), parsed=_read(own))
            joined = step if behind is None or step is None else _joined(step, behind)
            both.count(trial, joined, parsed=trial.parsed or _read(behind))

    def to_dict(self, chosen: Sequence[Split]) -> dict[str, Any]:
        """Return the JSON contract: a document for each column over some halves."""
        made = {
            name: whole(reports[split] for split in chosen).to_dict()
            for name, reports in self.reports.items()
        }
        return made | {
            "constant": {"always_wrong": _constant(1.0), "always_consistent": _constant(0.0)}
        }


def _question(trial: Trial, steps: Sequence[MarkedStep], index: int) -> Question:
    language = trial.base.language
    return Question(
        messages=step_request(trial.base.problem, steps, index, language=language),
        step=_bare(steps[index]),
    )


def _bare(step: MarkedStep) -> MarkedStep:
    return replace(step, mark="unverified", by=None, reason="", parsed=False, latency_ms=0.0)


def _read(step: MarkedStep | None) -> bool:
    """Return whether a model's reply is one of the labels."""
    if step is None or step.by != "model":
        return False
    return step.probability is not None or step.outside_mass is None


def _joined(step: MarkedStep, behind: MarkedStep) -> MarkedStep:
    return replace(behind, latency_ms=step.latency_ms + behind.latency_ms)


def _constant(share: float) -> dict[str, Any]:
    """Return what a verifier shows that says the same of every step."""
    return {
        "faults": [{"kind": kind, "rate": share} for kind in KINDS],
        "false_alarm_rate": share,
        "unverified_share": 0.0,
        "above_constant": {"difference": 0.0},
    }
