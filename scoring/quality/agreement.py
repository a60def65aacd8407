"""Measure how far the scorer agrees with markers, beside what trivial scorers reach.

Markers labelled the answers step by step.

Every figure is a function of counts that add up over problems (`Tally`), so that the bootstrap
resamples whole problems: answers to one problem share its evidence and are not independent
observations (Cameron, Gelbach & Miller 2008).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from problems.labelling import LabelledAnswer
from scoring.quality.marks import BASELINES, Marks, machine_marks, marks_of
from scoring.quality.tally import Tally, cohen_kappa, two_by_two
from scoring.score import SCORER_VERSION, score_text
from scoring.steps.thin_evidence import GUESS_SHARE

#: The figures that are also given for a slice or a style.
PART_METRICS = (
    "steps_agree",
    "kappa",
    "mae7",
    "within_one",
    "kappa_determined",
    "coverage",
    "done",
    "mae7_interval",
)
RESAMPLES = 2000
SEED = 20250601


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The scorer beside the markers, and the baselines beside the scorer."""

    answers: int
    problems: int
    steps: int
    metrics: Mapping[str, Any]
    intervals: Mapping[str, Any]
    baselines: Mapping[str, Mapping[str, Any]]
    #: Kappa between the first and the second labeller, over answers that both marked along the same
    #: path.
    marker_kappa: float | None
    marker_answers: int
    #: Answers for which the scorer chose another path than the labeller.
    other_path: int
    #: The two kinds of answers on which an answer checker fails: figures over them alone.
    slices: Mapping[str, Mapping[str, Any]]
    #: Figures by the style that the index gives to an answer.
    styles: Mapping[str, Mapping[str, Any]]
    #: Answer, step, the true verdict and what the scorer said, for every step where these differ.
    disagreements: tuple[tuple[str, str, str, str], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract of ``problems agreement``."""
        return {
            "answers": self.answers,
            "problems": self.problems,
            "steps": self.steps,
            "scorer_version": SCORER_VERSION,
            **self.metrics,
            "intervals": self.intervals,
            "baselines": self.baselines,
            "marker_kappa": self.marker_kappa,
            "marker_answers": self.marker_answers,
            # The older names of these two, kept for programs that read them.
            "human_kappa": self.marker_kappa,
            "human_answers": self.marker_answers,
            "other_path": self.other_path,
            "slices": self.slices,
            "styles": self.styles,
            "disagreements": [
                dict(zip(("answer", "step", "true", "said"), found, strict=True))
                for found in self.disagreements
            ],
        }


def measure_agreement(
    answers: Sequence[LabelledAnswer], *, resamples: int = RESAMPLES
) -> Agreement:
    """Score every labelled answer and compare.

    Steps are compared along the labeller's path, marks along the scorer's.

    Kappa (Cohen 1960) is over (answer, necessary step) pairs, done against not done, since only
    done scores; undetermined counts as not done. ``kappa_determined`` leaves undetermined steps
    out, and ``coverage`` is the share that remains. ``mae7`` is the mean absolute difference of the
    marks on 0 to 7, ``mae7_interval`` the mean distance of the true mark from the interval that
    undetermined steps leave open, ``within_one`` the share of answers that differ by one point at
    most; ``done``, ``missing`` and ``guess`` are precision and recall of that verdict and that
    flag; ``qwk`` is quadratically weighted kappa (Cohen 1968) of the marks rounded to whole points.
    Intervals are 95 % percentile intervals of a bootstrap over problems with a fixed seed.
    """
    scores = [score_text(answer.problem, answer.text) for answer in answers]
    true = [marks_of(answer, answer.truth) for answer in answers]
    said = [machine_marks(answer, score) for answer, score in zip(answers, scores, strict=True)]
    by_problem = _tallies(answers, true, said)
    double = [_pair(answer) for answer in answers if len(answer.labels) > 1]
    pairs = [tally for tally in double if tally is not None]
    return Agreement(
        answers=len(answers),
        problems=len(by_problem),
        steps=sum(len(marks.steps) for marks in true),
        metrics=Tally.total(by_problem).metrics(),
        intervals=_intervals(by_problem, resamples),
        baselines={
            name: Tally.total(_tallies(answers, true, [*map(baseline, answers, scores)])).metrics()
            for name, baseline in BASELINES.items()
        },
        marker_kappa=cohen_kappa(two_by_two(Tally.total(pairs).steps)) if pairs else None,
        marker_answers=len(pairs),
        other_path=sum(
            answer.truth.path != score.path_id
            for answer, score in zip(answers, scores, strict=True)
        ),
        slices={
            name: _part(true, said, chosen)
            for name, chosen in _hard_slices(answers, true).items()
        },
        styles={
            style: _part(true, said, [answer.style == style for answer in answers])
            for style in sorted({answer.style for answer in answers})
        },
        disagreements=tuple(
            (answer.name, step, verdict, actual.steps[step])
            for answer, expected, actual in zip(answers, true, said, strict=True)
            for step, verdict in expected.steps.items()
            if verdict not in (actual.steps[step], "unclear")
        ),
    )  # fmt: skip


def _tallies(
    answers: Sequence[LabelledAnswer], true: Sequence[Marks], said: Sequence[Marks]
) -> list[Tally]:
    """Return one tally for each problem, in the order of their ids."""
    found: dict[str, list[Tally]] = {}
    for answer, expected, actual in zip(answers, true, said, strict=True):
        found.setdefault(answer.problem.id, []).append(Tally.of(expected, actual))
    return [Tally.total(found[name]) for name in sorted(found)]


def _hard_slices(answers: Sequence[LabelledAnswer], true: Sequence[Marks]) -> dict[str, list[bool]]:
    """Return which answers are right with steps not done, and which wrong with most done."""
    shares = [
        sum(verdict == "done" for verdict in marks.steps.values()) / len(marks.steps)
        for marks in true
    ]
    right = [answer.truth.answer_correct for answer in answers]
    return {
        "right_but_incomplete": [
            r is True and share < 1 for r, share in zip(right, shares, strict=True)
        ],
        "wrong_but_mostly_done": [
            r is False and share >= GUESS_SHARE for r, share in zip(right, shares, strict=True)
        ],
    }


def _part(true: Sequence[Marks], said: Sequence[Marks], chosen: Sequence[bool]) -> dict[str, Any]:
    """Return the main figures over some of the answers."""
    tallies = [Tally.of(t, s) for t, s, wanted in zip(true, said, chosen, strict=True) if wanted]
    metrics = Tally.total(tallies).metrics() if tallies else {}
    return {
        "answers": len(tallies),
        **{name: metrics.get(name) for name in PART_METRICS},
    }


def _pair(answer: LabelledAnswer) -> Tally | None:
    """Compare the first two markers on one answer; None where they marked along different paths."""
    first, second = answer.labels[:2]
    if first.path != second.path:
        return None
    return Tally.of(marks_of(answer, first), marks_of(answer, second))


def _intervals(by_problem: Sequence[Tally], resamples: int) -> dict[str, Any]:
    random = np.random.default_rng(SEED)
    size = len(by_problem)
    stacked = random.multinomial(size, np.full(size, 1 / size), size=resamples).astype(np.float64)
    drawn = [Tally.total(by_problem, times).metrics() for times in stacked]
    return {name: _interval([one[name] for one in drawn]) for name in drawn[0]}


def _interval(values: Sequence[Any]) -> Any:
    if isinstance(values[0], dict):
        return {key: _interval([value[key] for value in values]) for key in values[0]}
    defined = [value for value in values if value is not None]
    return [float(edge) for edge in np.percentile(defined, [2.5, 97.5])] if defined else None
