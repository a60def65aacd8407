"""Measure how far the scorer agrees with markers, beside what trivial scorers reach.

Markers labelled the answers step by step.

Every figure is a function of counts that add up over problems (`Tally`), so that the bootstrap
resamples whole problems: answers to one problem share its evidence and are not independent
observations (Cameron, Gelbach & Miller 2008).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.evidence import EqEvidence, ValueEvidence, WordsEvidence
from problems.labelling import LabelledAnswer, Labels
from problems.schema import Path
from problems.validator import leaves
from scoring.score import SCORER_VERSION, Score, score_text
from scoring.steps.thin_evidence import GUESS_SHARE
from scoring.steps.verdict import VERDICTS

Counts = NDArray[np.float64]
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
_DONE, _MISSING = VERDICTS.index("done"), VERDICTS.index("missing")
_UNDETERMINED = VERDICTS.index("undetermined")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a marker or scorer says of one answer: step verdicts, 0 to 7 points, a guess or not.

    ``high7`` are the points if every undetermined step were done.
    """

    steps: Mapping[str, str]
    score7: float
    high7: float
    guess: bool


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
            "kappa": cohen_kappa(_two_by_two(self.steps)),
            "mae7": _ratio(self.sums[1], answers),
            "within_one": _ratio(self.sums[2], answers),
            "missing": precision_recall(self.steps, _MISSING),
            "guess": precision_recall(self.guesses, 1),
            "not_done": precision_recall(_two_by_two(self.steps), 1),
            "steps_agree": _ratio(np.trace(_two_by_two(self.steps)), self.steps.sum()),
            "kappa_verdicts": cohen_kappa(self.steps),
            "qwk": cohen_kappa(self.marks, quadratic=True),
            "bias7": _ratio(self.sums[3], answers),
            "kappa_determined": cohen_kappa(_two_by_two(decided)),
            "coverage": _ratio(decided.sum(), self.steps.sum()),
            "done": precision_recall(self.steps, _DONE),
            "mae7_interval": _ratio(self.sums[4], answers),
        }


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
    said = [_machine_marks(answer, score) for answer, score in zip(answers, scores, strict=True)]
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
        marker_kappa=cohen_kappa(_two_by_two(Tally.total(pairs).steps)) if pairs else None,
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


def marks_of(answer: LabelledAnswer, labels: Labels) -> Marks:
    """Turn labels into marks; a guess is a marker's, else a right answer with few steps."""
    path = answer.problem.path(labels.path)
    steps = {step.id: labels.steps[step.id] for step in path.necessary}
    guess = labels.guess
    if guess is None:
        guess = _seems_guessed(steps, correct=labels.answer_correct is True)
    score7 = _score7(path, steps)
    return Marks(steps=steps, score7=score7, high7=score7, guess=guess)


def _machine_marks(answer: LabelledAnswer, score: Score) -> Marks:
    path = answer.problem.path(answer.truth.path)
    if score.path_id == path.id:
        along = score
    else:
        along = score_text(answer.problem, answer.text, path_id=path.id)
    verdicts = {verdict.step_id: verdict.verdict for verdict in along.steps}
    steps = {step.id: verdicts[step.id] for step in path.necessary}
    return Marks(
        steps=steps,
        score7=score.score7,
        high7=score.score7_high,
        guess=score.guess_suspected,
    )


def _answer_only(answer: LabelledAnswer, score: Score) -> Marks:
    """Mark by the final answer alone: every step where it is right, no guess ever."""
    right = score.answer_correct is True
    steps = {
        step.id: "done" if right else "missing"
        for step in answer.problem.path(answer.truth.path).necessary
    }
    score7 = 7.0 if right else 0.0
    return Marks(steps=steps, score7=score7, high7=score7, guess=False)


def _all_done(answer: LabelledAnswer, _: Score) -> Marks:
    """Give full marks to everything."""
    steps = {step.id: "done" for step in answer.problem.path(answer.truth.path).necessary}
    return Marks(steps=steps, score7=7.0, high7=7.0, guess=False)


def _exact_string(answer: LabelledAnswer, _: Score) -> Marks:
    """Find evidence as written, spaces aside: one formula, value or word of a step is enough."""
    path = answer.problem.path(answer.truth.path)
    text = _squeeze(answer.text)
    writings = {step.id: _writings(step.evidence) for step in path.necessary}
    found = {step: any(one in text for one in several) for step, several in writings.items()}
    steps = {step: "done" if shown else "missing" for step, shown in found.items()}
    right = any(_squeeze(written) in text for written in answer.problem.answer.any_of)
    guess = _seems_guessed(steps, correct=right)
    score7 = _score7(path, steps)
    return Marks(steps=steps, score7=score7, high7=score7, guess=guess)


BASELINES: Mapping[str, Callable[[LabelledAnswer, Score], Marks]] = {
    "answer_only": _answer_only,
    "all_done": _all_done,
    "exact_string": _exact_string,
}


def _writings(evidence: Any) -> Iterable[str]:
    for leaf in leaves(evidence):
        if isinstance(leaf, EqEvidence):
            yield _squeeze(leaf.eq)
        elif isinstance(leaf, ValueEvidence):
            yield _squeeze(leaf.value)
        elif isinstance(leaf, WordsEvidence):
            yield from map(_squeeze, leaf.all_words)


def _squeeze(text: str) -> str:
    return "".join(text.split())


def _score7(path: Path, steps: Mapping[str, str]) -> float:
    won = sum(step.weight for step in path.necessary if steps[step.id] == "done")
    return 7 * won / sum(step.weight for step in path.necessary)


def _seems_guessed(steps: Mapping[str, str], *, correct: bool) -> bool:
    done = sum(verdict == "done" for verdict in steps.values())
    return correct and done / len(steps) < GUESS_SHARE


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


def _two_by_two(steps: Counts) -> Counts:
    """Return the table of verdicts as done (first) against everything else (second)."""
    done, total = steps[_DONE, _DONE], steps.sum()
    said, true = steps[:, _DONE].sum() - done, steps[_DONE, :].sum() - done
    return np.array([[done, true], [said, total - done - said - true]])


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def _rounded(score7: float) -> int:
    return min(7, int(score7 + 0.5))
