"""What markers, the scorer and trivial scorers say of an answer, as marks that compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from problems.evidence import EqEvidence, ValueEvidence, WordsEvidence
from problems.labelling import LabelledAnswer, Labels
from problems.schema import Path
from problems.validator import leaves
from scoring.score import Score, score_text
from scoring.steps.thin_evidence import GUESS_SHARE


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a marker or scorer says of one answer: step verdicts, 0 to 7 points, a guess or not.

    ``high7`` are the points if every undetermined step were done.
    """

    steps: Mapping[str, str]
    score7: float
    high7: float
    guess: bool


def marks_of(answer: LabelledAnswer, labels: Labels) -> Marks:
    """Turn labels into marks; a guess is a marker's, else a right answer with few steps."""
    path = answer.problem.path(labels.path)
    steps = {step.id: labels.steps[step.id] for step in path.necessary}
    guess = labels.guess
    if guess is None:
        guess = _seems_guessed(steps, correct=labels.answer_correct is True)
    score7 = _score7(path, steps)
    return Marks(steps=steps, score7=score7, high7=score7, guess=guess)


def machine_marks(answer: LabelledAnswer, score: Score) -> Marks:
    """Turn a score into marks, its steps along the labeller's path."""
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


#: Trivial scorers, by name.
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
