"""Leave one path out: how complete answers score when the way that they follow is not written down.

The figure behind "valid on methods that no author thought of": a complete answer deserves full
marks along any path, since what it proves makes every step of another way unnecessary.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from problems.labelling import LabelledAnswer, Labels
from scoring.score import score_text


def leave_one_path_out(answers: Iterable[LabelledAnswer]) -> tuple[LabelledAnswer, ...]:
    """Return the complete answers to problems with several paths, each without its own path.

    Complete: its marker found every necessary step done. It is labelled along the remaining path
    on which the rules find most, every step done. The names stay, so that the replies of a judge
    find their answers.
    """
    return tuple(
        _without_its_path(answer)
        for answer in answers
        if len(answer.problem.paths) > 1 and _is_complete(answer)
    )


def _is_complete(answer: LabelledAnswer) -> bool:
    path = answer.problem.path(answer.truth.path)
    return all(answer.truth.steps[step.id] == "done" for step in path.necessary)


def _without_its_path(answer: LabelledAnswer) -> LabelledAnswer:
    others = tuple(path for path in answer.problem.paths if path.id != answer.truth.path)
    problem = replace(answer.problem, paths=others)
    path = problem.path(score_text(problem, answer.text).path_id)
    labels = Labels(
        answer=answer.name,
        path=path.id,
        labeller=answer.truth.labeller,
        steps={step.id: "done" for step in path.steps},
        answer_correct=answer.truth.answer_correct,
        guess=answer.truth.guess,
    )
    return replace(answer, problem=problem, labels=(labels,))
