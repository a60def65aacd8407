"""Score one answer: which steps of the best path it shows, and whether its result is right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from problems.schema import Path, Problem
from scoring.answer.parsed_answer import ParsedAnswer
from scoring.compiled_problem import compile_problem
from scoring.final_answer.judge import Judgement, judge_answer
from scoring.final_answer.results.listed import states_listed
from scoring.final_answer.thinking import visible
from scoring.numeric.evaluation import Evaluation
from scoring.steps.assignment import assign
from scoring.steps.carried_value import CarriedValue
from scoring.steps.determination import Determination
from scoring.steps.founding import Founding
from scoring.steps.matcher import Hit, Matcher
from scoring.steps.mistakes import Mistake, Mistakes
from scoring.steps.patterns import CompiledPath, CompiledStep
from scoring.steps.reservation import Reservations
from scoring.steps.thin_evidence import (
    GUESS_SHARE,
    baseless,
    only_named,
    shown_share,
    unfounded,
    unsupported,
    without_base,
)
from scoring.steps.trials import Trials
from scoring.steps.verdict import StepVerdict
from scoring.text.hidden import blanks, without_hidden

#: Changes whenever a verdict on any answer could change.
SCORER_VERSION = "1.14.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What the verdicts along one path add up to, over its necessary steps.

    ``done`` and ``high`` are weighted shares: steps done, and steps done or undetermined.
    """

    done: float
    high: float
    steps_done: int
    steps_undetermined: int

    @classmethod
    def of(cls, path: Path, verdicts: tuple[StepVerdict, ...]) -> Marks:
        """Add up the verdicts on the steps of a path."""
        counted = [(s, v.verdict) for s, v in zip(path.steps, verdicts, strict=True) if s.necessary]
        weight = sum([step.weight for step, _ in counted])
        done = sum([step.weight for step, verdict in counted if verdict == "done"])
        unknown = sum([step.weight for step, verdict in counted if verdict == "undetermined"])
        return cls(
            done=done / weight,
            high=(done + unknown) / weight,
            steps_done=sum(verdict == "done" for _, verdict in counted),
            steps_undetermined=sum(verdict == "undetermined" for _, verdict in counted),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The verdicts on one answer along its best path.

    ``score7`` is seven times the weighted share of steps done, ``score7_high`` what it would be if
    every undetermined step were done, ``coverage`` the weighted share of steps that are determined.
    """

    problem_id: str
    scorer_version: str
    path_id: str
    steps_done: int
    steps_total: int
    score7: float
    score7_high: float
    steps_undetermined: int
    coverage: float
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
            "score7_high": self.score7_high,
            "steps_undetermined": self.steps_undetermined,
            "coverage": self.coverage,
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
    given = compiled.given
    shown = visible(text)
    answer, offset = without_hidden(shown.text(text)), shown.start
    evaluation = Evaluation(compiled.symbols.points)
    parsed = ParsedAnswer(compiled.symbols, evaluation, answer, offset)
    judgement = judge_answer(problem, answer, compiled.symbols, compiled.question)
    conclusion = _Conclusion.of(judgement, answer, offset)
    paths = [path for path in compiled.paths if path_id in (None, path.path.id)]
    mistakes = Mistakes(Matcher(parsed, compiled.statement), compiled.references)
    trials = Trials.of(parsed, problem.answer.any_of)
    founding = Founding.of(parsed, compiled.grounds)
    determination = Determination.of(
        parsed,
        trials,
        blank=blanks(answer, offset),
        correct=conclusion.correct,
        roomy=founding.derives,
    )
    along = (
        (path.path, determination.settle(_along(path, mistakes, conclusion, text, given)))
        for path in paths
    )
    path, verdicts = _best(along)
    hollow = baseless(path, verdicts, parsed)
    if conclusion.correct is not False:
        hollow |= unfounded(path, verdicts, founding, parsed)
    share = shown_share(path, verdicts, hollow, parsed)
    if conclusion.correct is not False:
        verdicts = unsupported(path, verdicts, hollow, parsed)
    verdicts = without_base(verdicts, hollow)
    marks = Marks.of(path, verdicts)
    total = len(path.necessary)
    return Score(
        problem_id=problem.id,
        scorer_version=SCORER_VERSION,
        path_id=path.id,
        steps_done=marks.steps_done,
        steps_total=total,
        score7=round(7 * marks.done, 4),
        score7_high=round(7 * marks.high, 4),
        steps_undetermined=marks.steps_undetermined,
        coverage=round(1 - marks.high + marks.done, 4),
        answer_correct=conclusion.correct,
        answer_text="" if judgement.stated is None else judgement.stated.text.strip()[:400],
        guess_suspected=share < GUESS_SHARE and _may_be_right(problem, conclusion, answer),
        steps=verdicts,
    )


def _best(
    along: Iterable[tuple[Path, tuple[StepVerdict, ...]]],
) -> tuple[Path, tuple[StepVerdict, ...]]:
    """Return the path with the most done, then the most that may be; the first of equals."""
    marked: list[tuple[Path, tuple[StepVerdict, ...], Marks]] = []
    for path, verdicts in along:
        marks = Marks.of(path, verdicts)
        marked.append((path, verdicts, marks))
        if marks.done == 1:
            break  # no other path can be better
    path, verdicts, _ = max(marked, key=lambda item: (item[2].done, item[2].high))
    return path, verdicts


#: Offsets in the original text.
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Conclusion:
    """What an answer ends in.

    ``announced`` is where the final answer is announced, None for one that is only concluded;
    ``result`` is where its value stands either way.
    """

    correct: bool | None
    announced: Place | None
    result: Place | None

    @classmethod
    def of(cls, judgement: Judgement, answer: str, offset: int) -> _Conclusion:
        stated = judgement.stated
        if stated is None:
            return cls(judgement.right, None, None)
        if stated.how == "end":
            last = stated.text.rpartition("=")[2]
            return cls(judgement.right, None, _found(last, answer, offset))
        place = _found(stated.text, answer, offset)
        return cls(judgement.right, place, place)


def _found(written: str, answer: str, offset: int) -> Place | None:
    start = answer.rfind(written)
    return None if start < 0 else (start + offset, start + offset + len(written))


def _may_be_right(problem: Problem, conclusion: _Conclusion, answer: str) -> bool:
    """Return whether a result is right, or one of those that a rubric lists.

    A rubric's result gets no verdict, as others may be right too; to state a listed one and derive
    little is a guess all the same.
    """
    if problem.answer.kind == "rubric":
        return states_listed(problem.answer.any_of, answer)
    return conclusion.correct is True


def _within(span: tuple[int, int], place: Place) -> bool:
    return place[0] <= span[0] and span[1] <= place[1]


def _along(
    compiled: CompiledPath,
    mistakes: Mistakes,
    conclusion: _Conclusion,
    text: str,
    given: frozenset[tuple[str, ...]],
) -> list[StepVerdict]:
    """Return the verdicts along one path."""
    parsed, matcher = mistakes.parsed, mistakes.matcher
    correct = conclusion.correct
    found = [_kept(step, matcher, conclusion.announced, given) for step in compiled.steps]
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
    reserved = _reservations(mistakes, conclusion.result) if correct is False else None
    if reserved is not None:
        clean = [sorted(hits, key=lambda hit: bool(reserved.of(hit))) for hits in clean]
    chosen = assign(compiled.steps, clean)
    verdicts: list[StepVerdict] = []
    carried: dict[str, CarriedValue] = {}
    for step, hit, bads in zip(compiled.steps, chosen, spoilt, strict=True):
        if hit is not None and reserved is not None and (reason := reserved.of(hit)):
            doubtful = replace(hit, reason=f"{hit.reason}, but {reason}")
            verdicts.append(_shown(step.step.id, "undetermined", doubtful, parsed, text))
        elif hit is not None:
            verdicts.append(_shown(step.step.id, "done", hit, parsed, text))
        elif mistake := bads[0][1] if bads else mistakes.of_step(compiled, step):
            verdicts.append(_shown(step.step.id, "wrong", mistake, parsed, text))
            if mistake.carried is not None and correct is not True:
                carried[step.step.id] = mistake.carried
        elif (follows := _following(step, carried, matcher)) is not None:
            verdicts.append(_shown(step.step.id, "present_invalid", follows, parsed, text))
        else:
            verdicts.append(_not_shown(compiled, step, mistakes, text))
    verdicts = _carried_over(compiled, verdicts, recovered=correct is True)
    return only_named(verdicts) if correct is False else verdicts


def _reservations(mistakes: Mistakes, result: Place | None) -> Reservations:
    return Reservations(
        mistakes.parsed,
        tuple((mistake.start, mistake.end) for mistake in mistakes.false),
        mistakes.parsed.within(*result) if result is not None else None,
    )


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


def _following(
    step: CompiledStep, carried: dict[str, CarriedValue], matcher: Matcher
) -> Hit | None:
    """Return where a step is made rightly with the wrong value of an earlier one."""
    for name, value in carried.items():
        pattern = value.within(step.pattern, matcher.parsed.evaluation)
        hits = matcher.hits(pattern) if value.distinctive and pattern is not None else []
        if hits:
            return replace(hits[0], reason=f"follows from the wrong value of {name}")
    return None


def _not_shown(
    path: CompiledPath, step: CompiledStep, mistakes: Mistakes, text: str
) -> StepVerdict:
    """Return missing, or undetermined where only a judge can decide."""
    unread = mistakes.unreadable(path, step)
    if unread is not None:
        return _shown(step.step.id, "undetermined", unread, mistakes.parsed, text)
    if step.step.mode == "judge":
        return StepVerdict(
            step_id=step.step.id, verdict="undetermined", reason="this step is for a judge"
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
