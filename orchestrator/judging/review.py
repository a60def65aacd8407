"""Let people read steps: a sample goes out as a file, their verdicts come back and are appended."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from db.judging.judgements import scored_answers
from db.judging.reviews import NewReview, add_reviews, known_steps, reviewable_steps
from db.runs.run import Run
from orchestrator.judging.rescore import StoredProblems
from problems.labelling import LABELS
from scoring.judging.merge import UNDETERMINED
from scoring.judging.reply_file import Refusal

RANDOM, UNCERTAIN = "random", "uncertain"
#: The order in which ``--uncertain`` takes steps: undetermined ones, missing ones, the others.
_FIRST = {**dict.fromkeys(UNDETERMINED, 0), "missing": 1}


class LineError(ValueError):
    """Say why a line of a reviewed file cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """Outcome of an import of reviews."""

    #: Lines with a verdict, and those of them that say something new.
    verdicts: int
    added: int
    #: Lines whose verdict is still empty.
    empty: int
    refused: tuple[Refusal, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract of ``review import``, without the reviewer."""
        return {
            "verdicts": self.verdicts,
            "added": self.added,
            "known": self.verdicts - self.added,
            "empty": self.empty,
            "refused": [{"line": one.line, "reason": one.reason} for one in self.refused],
        }


def sampled_steps(
    engine: Engine, run: Run, *, number: int, seed: int, uncertain: bool
) -> Iterator[dict[str, Any]]:
    """Yield a line for each step of a sample: what a reviewer needs, and an empty verdict.

    Neither the model nor any verdict is shown, so that a review is blind.
    """
    steps = reviewable_steps(engine, run.run_id)
    random.Random(seed).shuffle(steps)  # noqa: S311 - a sample that can be drawn again
    if uncertain:
        steps.sort(key=lambda step: _FIRST.get(step[2], 2))
    chosen: dict[int, list[str]] = {}
    for score_id, step_id, _ in steps[:number]:
        chosen.setdefault(score_id, []).append(step_id)
    problems = StoredProblems()
    for answer in scored_answers(engine, run.run_id, scores=sorted(chosen)):
        problem = problems.read(answer)
        if problem is None:
            continue
        for step in problem.path(answer.path_id).steps:
            if step.id in chosen[answer.score_id]:
                yield {
                    "score": answer.score_id,
                    "step": step.id,
                    "problem": problem.id,
                    "statement": _in(problem.statement, answer.language),
                    "describe": _in(step.describe, answer.language),
                    "answer": answer.text,
                    "sample": UNCERTAIN if uncertain else RANDOM,
                    "verdict": "",
                    "reason": "",
                }


def import_reviews(engine: Engine, lines: Iterable[str], *, reviewer: str) -> Reviewed:
    """Append the verdicts of a reviewed file; what the reviewer has said already adds nothing."""
    refused: list[Refusal] = []
    read: list[tuple[int, NewReview]] = []
    empty = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            review = _review(line)
        except LineError as error:
            refused.append(Refusal(line=number, reason=str(error)))
            continue
        if review is None:
            empty += 1
        else:
            read.append((number, review))
    known = known_steps(engine, [review for _, review in read])
    kept = [review for _, review in read if (review.score_id, review.step) in known]
    refused += [
        Refusal(line=number, reason=f"no scoring {review.score_id} has a step {review.step!r}")
        for number, review in read
        if (review.score_id, review.step) not in known
    ]
    return Reviewed(
        verdicts=len(kept),
        added=add_reviews(engine, reviewer, kept) if kept else 0,
        empty=empty,
        refused=tuple(sorted(refused, key=lambda one: one.line)),
    )


def _review(line: str) -> NewReview | None:
    """Return a line's review, None while its verdict is empty. Raise LineError."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise LineError("the line is not JSON") from None
    if not isinstance(row, dict):
        raise LineError("the line is not a JSON object")
    score_id, step = row.get("score"), row.get("step")
    if type(score_id) is not int or not 0 < score_id < 2**63 or not isinstance(step, str):
        raise LineError("the line has no score and step; take them from `evalctl review`")
    verdict, reason = row.get("verdict") or "", row.get("reason") or ""
    if not verdict:
        return None
    if verdict not in LABELS:
        raise LineError(f"verdict {str(verdict)[:40]!r} is not one of {', '.join(LABELS)}")
    if not isinstance(reason, str):
        raise LineError("the reason is not a text")
    sample = row.get("sample")
    return NewReview(
        score_id=score_id,
        step=step,
        verdict=verdict,
        reason=reason.strip() or None,
        # A line that does not say how it was chosen estimates nothing.
        sample=sample if sample in (RANDOM, UNCERTAIN) else UNCERTAIN,
    )


def _in(by_language: Any, language: str) -> str:
    return str(by_language.get(language) or next(iter(by_language.values()), ""))
