"""Score one answer: which steps of the best path it shows, and whether its result is right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from problems.schema import Problem
from scoring.answer.parsed_answer import ParsedAnswer
from scoring.compiled_problem import compile_problem
from scoring.final_answer.extraction import Stated
from scoring.final_answer.judge import judge_text
from scoring.final_answer.thinking import visible
from scoring.numeric.evaluation import Evaluation
from scoring.steps.assignment import assign
from scoring.steps.matcher import Hit, Matcher
from scoring.steps.mistakes import Mistake, Mistakes
from scoring.steps.patterns import CompiledPath, CompiledStep

#: Changes whenever a verdict on any answer could change.
SCORER_VERSION = "1.1.0"
VERDICTS = ("done", "present_invalid", "wrong", "missing", "unclear")
#: A right answer with a smaller share of the steps is suspected to be guessed.
GUESS_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class StepVerdict:
    """The verdict on one step; ``start`` and ``end`` are offsets in the original text, or None."""

    step_id: str
    verdict: str
    evidence_text: str = ""
    start: int | None = None
    end: int | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the step's part of the JSON contract."""
        evidence = (
            None
            if self.start is None
            else {"text": self.evidence_text, "start": self.start, "end": self.end}
        )
        return {
            "id": self.step_id,
            "verdict": self.verdict,
            "evidence": evidence,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The verdicts on one answer along its best path.

    ``score7`` is seven times the weighted share of steps done.
    """

    problem_id: str
    scorer_version: str
    path_id: str
    steps_done: int
    steps_total: int
    score7: float
    answer_correct: bool | None
    answer_text: str
    guess_suspected: bool
    steps: tuple[StepVerdict, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract of ``evalctl score``."""
        return {
            "problem": self.problem_id,
            "scorer_version": self.scorer_version,
            "path": self.path_id,
            "steps_done": self.steps_done,
            "steps_total": self.steps_total,
            "score7": self.score7,
            "answer_correct": self.answer_correct,
            "answer_text": self.answer_text,
            "guess_suspected": self.guess_suspected,
            "steps": [step.to_dict() for step in self.steps],
        }


def score_text(problem: Problem, text: str, *, path_id: str | None = None) -> Score:
    """Return the score of an answer; pure and deterministic, safe on any text.

    The ``<think>`` part is left out. Steps are searched in any order; of several paths the best
    counts, unless ``path_id`` names the one to follow.
    """
    compiled = compile_problem(problem)
    shown = visible(text)
    answer, offset = shown.text(text), shown.start
    evaluation = Evaluation(compiled.symbols.points, compiled.memo)
    parsed = ParsedAnswer(compiled.symbols, evaluation, answer, offset)
    judgement = judge_text(problem, text, compiled.symbols)
    place, correct = _place(judgement.stated, answer, offset), judgement.right
    paths = [path for path in compiled.paths if path_id in (None, path.path.id)]
    mistakes = Mistakes(Matcher(parsed, compiled.statement), compiled.references)
    results = [_along(path, mistakes, (place, correct), text, compiled.given) for path in paths]
    best = max(range(len(results)), key=lambda i: (results[i][0], results[i][1], -i))
    mark, done, verdicts = results[best]
    path = paths[best].path
    total = len(path.necessary)
    return Score(
        problem_id=problem.id,
        scorer_version=SCORER_VERSION,
        path_id=path.id,
        steps_done=done,
        steps_total=total,
        score7=round(7 * mark, 4),
        answer_correct=correct,
        answer_text="" if judgement.stated is None else judgement.stated.text.strip()[:400],
        guess_suspected=correct is True and done / total < GUESS_SHARE,
        steps=verdicts,
    )


#: Offsets in the original text between which the final answer is announced.
Place = tuple[int, int]


def _place(stated: Stated | None, answer: str, offset: int) -> Place | None:
    """Return where an announced answer stands; None for one that is only concluded."""
    if stated is None or stated.how == "end":
        return None
    start = answer.rfind(stated.text)
    return None if start < 0 else (start + offset, start + offset + len(stated.text))


def _within(span: tuple[int, int], place: Place) -> bool:
    return place[0] <= span[0] and span[1] <= place[1]


def _along(
    compiled: CompiledPath,
    mistakes: Mistakes,
    stated: tuple[Place | None, bool | None],
    text: str,
    given: frozenset[tuple[str, ...]],
) -> tuple[float, int, tuple[StepVerdict, ...]]:
    """Return the weighted share, the number of steps done and the verdicts along one path."""
    parsed, matcher = mistakes.parsed, mistakes.matcher
    place, correct = stated
    found = [_kept(step, matcher, place, given) for step in compiled.steps]
    spoilt = [
        [(hit, mistake) for hit in hits if (mistake := mistakes.in_hit(hit)) is not None]
        for hits in found
    ]
    # An answer that first writes 2*6 = 14 and then goes on with 12 has made the step wrongly.
    found = [
        hits if not bads or hits[0] is not bads[0][0] else [hit for hit, _ in bads]
        for hits, bads in zip(found, spoilt, strict=True)
    ]
    clean = [
        [hit for hit in hits if all(hit is not bad for bad, _ in bads)]
        for hits, bads in zip(found, spoilt, strict=True)
    ]
    chosen = assign(compiled.steps, clean)
    verdicts: list[StepVerdict] = []
    for step, hit, bads in zip(compiled.steps, chosen, spoilt, strict=True):
        if hit is not None:
            verdicts.append(_shown(step.step.id, "done", hit, parsed, text))
        else:
            verdicts.append(
                _not_shown(compiled, step, bads[0][1] if bads else None, mistakes, text)
            )
    verdicts = _carried_over(compiled, verdicts, recovered=correct is True)
    counted = [
        (s.step, v) for s, v in zip(compiled.steps, verdicts, strict=True) if s.step.necessary
    ]
    weight = sum(step.weight for step, _ in counted)
    won = sum(step.weight for step, verdict in counted if verdict.verdict == "done")
    return won / weight, sum(verdict.verdict == "done" for _, verdict in counted), tuple(verdicts)


def _kept(
    step: CompiledStep,
    matcher: Matcher,
    place: Place | None,
    given: frozenset[tuple[str, ...]],
) -> list[Hit]:
    """Return the hits that do not only repeat the statement, the givens or the final answer.

    Givens and final answer count where the step does not exclude them.
    """
    hits = matcher.hits(step.pattern)
    kept = [hit for hit in hits if not matcher.is_restated(hit.start, hit.end)]
    if "answer" in step.step.exclude and place is not None:
        kept = [hit for hit in kept if not _within(matcher.parsed.span(hit.start, hit.end), place)]
    if "given" in step.step.exclude:
        kept = [hit for hit in kept if hit.formula is None or hit.formula.writing not in given]
    return kept


def _shown(
    step_id: str, verdict: str, place: Hit | Mistake, parsed: ParsedAnswer, text: str
) -> StepVerdict:
    begin, stop = parsed.span(place.start, place.end)
    return StepVerdict(
        step_id=step_id,
        verdict=verdict,
        evidence_text=text[begin:stop],
        start=begin,
        end=stop,
        reason=place.reason,
    )


def _not_shown(
    path: CompiledPath, step: CompiledStep, mistake: Mistake | None, mistakes: Mistakes, text: str
) -> StepVerdict:
    """Return wrong where the step was tried with a false result, else missing or unclear.

    Unclear is what only a judge can decide.
    """
    mistake = mistake or mistakes.of_step(path, step)
    if mistake is not None:
        return _shown(step.step.id, "wrong", mistake, mistakes.parsed, text)
    unread = mistakes.unreadable(path, step)
    if unread is not None:
        return _shown(step.step.id, "unclear", unread, mistakes.parsed, text)
    if step.step.mode == "judge":
        return StepVerdict(
            step_id=step.step.id, verdict="unclear", reason="this step is for a judge"
        )
    return StepVerdict(step_id=step.step.id, verdict="missing", reason="no evidence of this step")


def _carried_over(
    path: CompiledPath, verdicts: list[StepVerdict], *, recovered: bool
) -> list[StepVerdict]:
    """Call steps present_invalid that are right locally but build on a required wrong result.

    A wrong value that only carries on an earlier one is such a step too. Where the text ends in the
    right answer it has recovered, and what stands after the wrong step is done.
    """
    requires = {step.step.id: step.step.requires for step in path.steps}
    wrong = {v.step_id: v for v in verdicts if v.verdict == "wrong"}
    changed: list[StepVerdict] = []
    for verdict in verdicts:
        earlier = [wrong[name] for name in _ancestors(verdict.step_id, requires) if name in wrong]
        carried = verdict.verdict == "wrong" and verdict.reason.startswith("states")
        built = verdict.verdict == "done" and not recovered
        if (carried or built) and any((e.start or 0) <= (verdict.start or 0) for e in earlier):
            reason = (
                f"builds on the wrong result of {', '.join(sorted(e.step_id for e in earlier))}"
            )
            changed.append(replace(verdict, verdict="present_invalid", reason=reason))
        else:
            changed.append(verdict)
    return changed


def _ancestors(step_id: str, requires: dict[str, tuple[str, ...]]) -> set[str]:
    """Return all steps that a step requires, directly or through others."""
    found: set[str] = set()
    waiting = list(requires[step_id])
    while waiting:
        name = waiting.pop()
        if name not in found and name in requires:
            found.add(name)
            waiting.extend(requires[name])
    return found
