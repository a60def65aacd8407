"""How far to trust a judge: rules, judge, and both together against people, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from problems.labelling import LabelledAnswer
from scoring.judging.merge import OPEN, UNDETERMINED, merge, open_steps
from scoring.judging.reply import JudgeVerdict, read_reply
from scoring.judging.request import JudgeRequest, judge_request
from scoring.quality.agreement import cohen_kappa
from scoring.score import score_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadStep:
    """One step that a person decided, in the eyes of rules and judge.

    ``judge`` is None where the judge was not asked, or gave nothing that can be used.
    """

    truth: str
    rules: str
    judge: str | None
    merged: str
    style: str = ""
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeAgreement:
    """The figures of one judge; every one of them is over steps."""

    steps: Sequence[ReadStep]
    #: Two verdicts of the judge on one step of one request.
    repeated: Sequence[tuple[str, str]] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract of ``judge card``, without what it is about."""
        parts = {
            name: {
                value: figures([step for step in self.steps if read(step) == value])
                for value in sorted({read(step) for step in self.steps} - {""})
            }
            for name, read in PARTS.items()
        }
        return {
            "steps": len(self.steps),
            "base_rate": _share(step.truth == "done" for step in self.steps),
            **figures(self.steps),
            "open": figures([step for step in self.steps if step.rules in OPEN]),
            "itself": _itself(self.repeated),
            **parts,
        }


PARTS: Mapping[str, Callable[[ReadStep], str]] = {
    "styles": lambda step: step.style,
    "categories": lambda step: step.category,
}


def figures(steps: Sequence[ReadStep]) -> dict[str, Any]:
    """Return the figures of rules, judge, both and a constant judge over some steps.

    ``kappa`` (Cohen 1960) is over done against not done and the steps that the reader decides, of
    which ``coverage`` is the share; ``kappa_all`` counts an undecided step as not done;
    ``done_right`` is the share of its ``done`` that people call done. The constant judge always
    says what is more frequent: its kappa is 0, its ``agree`` what any reader has to beat.
    """
    truth = [step.truth == "done" for step in steps]
    more = sum(truth) * 2 >= len(truth)
    return {
        "rules": _figures(truth, [_decided(step.rules) for step in steps]),
        "judge": _figures(truth, [_decided(step.judge) for step in steps]),
        "rules_judge": _figures(truth, [_decided(step.merged) for step in steps]),
        "constant": _figures(truth, [more] * len(truth)),
    }


def labelled_request(answer: LabelledAnswer, *, check_done: bool = False) -> JudgeRequest | None:
    """Return the request about a labelled answer along its marker's path; None without a step.

    Its custom id in a file is the name of the answer.
    """
    path = answer.problem.path(answer.truth.path)
    rules = _rules(answer)
    steps = [step.id for step in path.necessary] if check_done else open_steps(path, rules)
    return _request(answer, tuple(steps)) if steps else None


def labelled_agreement(
    answers: Sequence[LabelledAnswer], replies: Iterable[tuple[str, str]]
) -> tuple[JudgeAgreement, tuple[str, ...]]:
    """Return how a judge agrees with labels, and the ids of replies to no labelled answer.

    ``replies`` are pairs of answer name and content, in order; the first two to an answer show how
    far the judge agrees with itself, the last usable verdict on a step counts.
    """
    by_answer: dict[str, list[str]] = {}
    for name, content in replies:
        by_answer.setdefault(name, []).append(content)
    steps: list[ReadStep] = []
    repeated: list[tuple[str, str]] = []
    for answer in answers:
        said = _said(answer, by_answer.pop(answer.name, []))
        steps += _steps(answer, [one for reply in said for one in reply])
        repeated += _repeated(said)
    return JudgeAgreement(steps=steps, repeated=repeated), tuple(sorted(by_answer))


def _rules(answer: LabelledAnswer) -> dict[str, str]:
    """Return the rules' verdicts along the marker's path."""
    score = score_text(answer.problem, answer.text, path_id=answer.truth.path)
    return {verdict.step_id: verdict.verdict for verdict in score.steps}


def _request(answer: LabelledAnswer, steps: tuple[str, ...]) -> JudgeRequest:
    return judge_request(
        answer.problem,
        answer.text,
        path_id=answer.truth.path,
        step_ids=steps,
        language=answer.language or "en",
    )


def _said(answer: LabelledAnswer, contents: Sequence[str]) -> list[tuple[JudgeVerdict, ...]]:
    """Read the replies about every necessary step: which were asked about, the replies show."""
    path = answer.problem.path(answer.truth.path)
    request = _request(answer, tuple(step.id for step in path.necessary))
    return [read_reply(request, content) for content in contents]


def _steps(answer: LabelledAnswer, said: Sequence[JudgeVerdict]) -> list[ReadStep]:
    path = answer.problem.path(answer.truth.path)
    merged = {step.step_id: step for step in merge(path, _rules(answer), said).steps}
    return [
        ReadStep(
            truth=answer.truth.steps[step.id],
            rules=merged[step.id].rules,
            judge=merged[step.id].judge,
            merged=merged[step.id].verdict,
            style=answer.style,
            category=answer.problem.level,
        )
        for step in path.necessary
        if answer.truth.steps[step.id] != "unclear"
    ]


def _repeated(said: Sequence[Sequence[JudgeVerdict]]) -> list[tuple[str, str]]:
    pairs = zip(*said[:2], strict=True) if len(said) > 1 else ()
    return [
        (first.verdict, second.verdict)
        for first, second in pairs
        if first.verdict is not None and second.verdict is not None
    ]


def _decided(verdict: str | None) -> bool | None:
    return None if verdict is None or verdict in UNDETERMINED else verdict == "done"


def _figures(truth: Sequence[bool], said: Sequence[bool | None]) -> dict[str, Any]:
    pairs = [(true, one) for true, one in zip(truth, said, strict=True) if one is not None]
    return {
        "decided": len(pairs),
        "coverage": len(pairs) / len(truth) if truth else None,
        "kappa": _kappa(pairs),
        "agree": _share(true == one for true, one in pairs),
        "kappa_all": _kappa([(t, bool(one)) for t, one in zip(truth, said, strict=True)]),
        "done_right": _share(true for true, one in pairs if one),
    }


def _itself(repeated: Sequence[tuple[str, str]]) -> dict[str, Any]:
    pairs = [(first == "done", second == "done") for first, second in repeated]
    return {
        "steps": len(repeated),
        "agree": _share(first == second for first, second in repeated),
        "kappa": _kappa(pairs),
    }


def _kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    table = np.zeros((2, 2))
    for first, second in pairs:
        table[int(not first), int(not second)] += 1
    return cohen_kappa(table)


def _share(flags: Iterable[bool]) -> float | None:
    found = list(flags)
    return sum(found) / len(found) if found else None
