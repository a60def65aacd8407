"""How far to trust a judge: rules, judge, and both together against people, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from problems.labelling import LabelledAnswer
from problems.schema import Path
from scoring.judging.merge import OPEN, UNDETERMINED, MergedStep, merge, open_steps, shares
from scoring.judging.reply import JudgeVerdict, read_reply
from scoring.judging.request import JudgeRequest, judge_request
from scoring.quality.marks import Marks, marks_of
from scoring.quality.tally import Tally, cohen_kappa
from scoring.score import Score, score_text
from scoring.steps.thin_evidence import GUESS_SHARE


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
    #: Of each whole answer the marks of `READERS` and the true ones, under ``truth``.
    marks: Sequence[Mapping[str, Marks]] = ()

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
            "scores": self._scores(),
            **parts,
        }

    def _scores(self) -> dict[str, Any]:
        """Return how far the marks of each reader are from the true ones; {} without answers."""
        if not self.marks:
            return {}
        tallies = {
            reader: Tally.total([Tally.of(one["truth"], one[reader]) for one in self.marks])
            for reader in READERS
        }
        found = {reader: tally.metrics() for reader, tally in tallies.items()}
        return {
            reader: {key: metrics[key] for key in ("mae7", "mae7_interval", "guess")}
            for reader, metrics in found.items()
        }


#: Who reads an answer: the rules, the judge, both together.
READERS = ("rules", "judge", "rules_judge")
PARTS: Mapping[str, Callable[[ReadStep], str]] = {
    "styles": lambda step: step.style,
    "categories": lambda step: step.category,
}


def figures(steps: Sequence[ReadStep]) -> dict[str, Any]:
    """Return the figures of rules, judge, both and a constant judge over some steps.

    ``kappa`` (Cohen 1960) is over done against not done and the steps that the reader decides, of
    which ``coverage`` is the share; ``kappa_all`` counts an undecided step as not done;
    ``done_right`` is the share of its ``done`` that people call done, ``done_found`` the share of
    the steps that people call done which it calls done. The constant judge always says what is
    more frequent: its kappa is 0, its ``agree`` what any reader has to beat.
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
    rules = _verdicts(_score(answer))
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
    marks: list[Mapping[str, Marks]] = []
    for answer in answers:
        said = _said(answer, by_answer.pop(answer.name, []))
        score = _score(answer)
        path = answer.problem.path(answer.truth.path)
        merged = merge(path, _verdicts(score), [one for reply in said for one in reply]).steps
        steps += _steps(answer, path, merged)
        repeated += _repeated(said)
        marks.append(_marks(answer, path, score, merged))
    agreement = JudgeAgreement(steps=steps, repeated=repeated, marks=marks)
    return agreement, tuple(sorted(by_answer))


def _score(answer: LabelledAnswer) -> Score:
    """Return the rules' score along the marker's path."""
    return score_text(answer.problem, answer.text, path_id=answer.truth.path)


def _verdicts(score: Score) -> dict[str, str]:
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


def _steps(answer: LabelledAnswer, path: Path, merged: Sequence[MergedStep]) -> Iterator[ReadStep]:
    by_id = {step.step_id: step for step in merged}
    for step in path.necessary:
        truth, found = answer.truth.steps[step.id], by_id[step.id]
        if truth != "unclear":
            yield ReadStep(
                truth=truth,
                rules=found.rules,
                judge=found.judge,
                merged=found.verdict,
                style=answer.style,
                category=answer.problem.level,
            )


def _marks(
    answer: LabelledAnswer, path: Path, score: Score, merged: Sequence[MergedStep]
) -> dict[str, Marks]:
    """Return the marks of every reader along the marker's path."""
    read: Mapping[str, Callable[[MergedStep], str | None]] = {
        "rules": lambda step: step.rules,
        "judge": lambda step: step.judge,
        "rules_judge": lambda step: step.verdict,
    }
    verdicts = {
        reader: {step.step_id: said(step) or "undetermined" for step in merged}
        for reader, said in read.items()
    }
    return {"truth": marks_of(answer, answer.truth)} | {
        reader: _marked(path, steps, correct=score.answer_correct is True)
        for reader, steps in verdicts.items()
    }


def _marked(path: Path, verdicts: Mapping[str, str], *, correct: bool) -> Marks:
    """Return the marks that verdicts make; the final answer is always the rules' to judge."""
    steps = {step.id: verdicts[step.id] for step in path.necessary}
    done, undetermined = shares(path, steps)
    at_most = sum(one == "done" or one in UNDETERMINED for one in steps.values()) / len(steps)
    return Marks(
        steps=steps,
        score7=7 * done,
        high7=7 * (done + undetermined),
        guess=correct and at_most < GUESS_SHARE,
    )


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
        "done_found": _share(bool(one) for true, one in zip(truth, said, strict=True) if true),
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
