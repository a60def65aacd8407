"""Doubt evidence that computes nothing, in answers that give reason to.

Words and written forms name a step. A value that stands before every relation of an answer is
stated, not derived. Where the result is wrong, or too few steps are shown, such a place may stand
for something else; there the step is undetermined. So is one that computes nothing and builds on a
missing one, and one of an answer that derives nothing (`founding`); such a step saves no answer
from being called a guess.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from problems.schema import Path
from scoring.answer.parsed_answer import ParsedAnswer
from scoring.steps.derivation import derives
from scoring.steps.founding import Founding
from scoring.steps.verdict import StepVerdict

#: A right answer with a smaller share of the steps is suspected to be guessed.
GUESS_SHARE = 0.5
#: Evidence that names a step and computes nothing of it.
_NAMED = re.compile(r"(?:found (?:the words '[^']*'|the written form)(?:; |$))+")
_MAY_BE_WRONG = "the result is wrong and may come from here"
_LITTLE_FOUND = "little else of the derivation was found"
_STATED = "the value is stated before anything is derived"
_SUPPOSED = "the result is supposed and checked, not derived"
_GENERAL = "the answer puts none of the problem's numbers in"
_BASELESS = "it computes nothing, and a step that it builds on is missing"


def is_named(verdict: StepVerdict) -> bool:
    """Return whether words or a written form alone show a step."""
    return verdict.verdict == "done" and _NAMED.fullmatch(verdict.reason) is not None


def only_named(verdicts: Sequence[StepVerdict]) -> list[StepVerdict]:
    """Doubt steps of an answer with a wrong result that words or a written form alone show.

    The last one of several, and those behind a wrong one: they may be made with wrong values.
    """
    doubted, after_wrong = [], False
    for verdict in verdicts:
        last = len(verdicts) > 1 and verdict is verdicts[-1]
        named = is_named(verdict) and (after_wrong or last)
        doubted.append(_doubted(verdict, _MAY_BE_WRONG) if named else verdict)
        after_wrong = after_wrong or verdict.verdict == "wrong"
    return doubted


def baseless(path: Path, verdicts: Sequence[StepVerdict], parsed: ParsedAnswer) -> dict[str, str]:
    """Return why to doubt the steps that compute nothing and build on a missing one.

    Or on one like them. A guess names a method and states values; what they would follow from is
    not there. None where one step alone is missing, or where the other steps that are shown are
    half of the necessary ones.
    """
    requires = {step.id: step.requires for step in path.steps}
    known = {verdict.step_id: verdict for verdict in verdicts}
    lost = {name for name, verdict in known.items() if verdict.verdict == "missing"}
    thin = {
        name
        for name, verdict in known.items()
        if verdict.verdict == "done" and not _computes(verdict, parsed)
    }
    while new := {name for name in thin - lost if lost.intersection(requires[name])}:
        lost |= new
    hollow = dict.fromkeys(sorted(lost & thin), _BASELESS)
    counted = _necessary(path, verdicts)
    missing = sum(verdict.verdict == "missing" for verdict in counted)
    few = len(_shown(counted, hollow)) < GUESS_SHARE * len(counted)
    return hollow if missing > 1 and few else {}


def unfounded(
    path: Path, verdicts: Sequence[StepVerdict], founding: Founding, parsed: ParsedAnswer
) -> dict[str, str]:
    """Return why to doubt the steps of an answer that derives nothing, where they compute nothing.

    In one that puts no data in, what words or a written form show alone. None where more than half
    of the necessary steps are done.
    """
    counted = _necessary(path, verdicts)
    done = sum(verdict.verdict == "done" for verdict in counted)
    if founding.derives or done > GUESS_SHARE * len(counted):
        return {}
    if founding.supposed is not None:
        thin = [v for v in verdicts if v.verdict == "done" and not _computes(v, parsed)]
        return {verdict.step_id: _SUPPOSED for verdict in thin}
    return {verdict.step_id: _GENERAL for verdict in verdicts if is_named(verdict)}


def unsupported(
    path: Path, verdicts: tuple[StepVerdict, ...], hollow: Mapping[str, str], parsed: ParsedAnswer
) -> tuple[StepVerdict, ...]:
    """Doubt what is only named or stated, in an answer that shows too little of the steps.

    That is under half of the necessary ones, undetermined ones among them, ``hollow`` ones not: it
    may be guessed.
    """
    counted = _necessary(path, verdicts)
    if len(_shown(counted, hollow)) >= GUESS_SHARE * len(counted):
        return verdicts
    return tuple(
        _doubted(v, _LITTLE_FOUND)
        if is_named(v)
        else _doubted(v, _STATED)
        if _is_stated(v, parsed)
        else v
        for v in verdicts
    )


def without_base(
    verdicts: Sequence[StepVerdict], hollow: Mapping[str, str]
) -> tuple[StepVerdict, ...]:
    """Doubt the ``hollow`` steps, each for its reason, as far as they are still done."""
    return tuple(
        _doubted(v, hollow[v.step_id]) if v.step_id in hollow and v.verdict == "done" else v
        for v in verdicts
    )


def shown_share(
    path: Path, verdicts: tuple[StepVerdict, ...], hollow: Mapping[str, str], parsed: ParsedAnswer
) -> float:
    """Return the share of the necessary steps that are shown, or may be: undetermined.

    Not the ``hollow`` ones. Nothing is where none is done and as many are wrong as may be right.
    Words show nothing in an answer that states no relation, unless they show every step.
    """
    counted = _necessary(path, verdicts)
    shown = _shown(counted, hollow)
    found = [verdict.verdict for verdict in counted]
    if "done" not in found and 0 < found.count("wrong") >= found.count("undetermined"):
        return 0.0
    relates = any(len(chain.sides) > 1 for chain in parsed.chains)
    if not relates and sum(map(is_named, counted)) < len(counted):
        shown = [verdict for verdict in shown if not is_named(verdict)]
    return len(shown) / len(counted)


def _necessary(path: Path, verdicts: Sequence[StepVerdict]) -> list[StepVerdict]:
    return [v for s, v in zip(path.steps, verdicts, strict=True) if s.necessary]


def _shown(verdicts: Sequence[StepVerdict], hollow: Mapping[str, str]) -> list[StepVerdict]:
    return [
        verdict
        for verdict in verdicts
        if verdict.verdict in ("done", "undetermined") and verdict.step_id not in hollow
    ]


def _doubted(verdict: StepVerdict, reason: str) -> StepVerdict:
    return replace(verdict, verdict="undetermined", reason=f"{verdict.reason}, but {reason}")


def _is_stated(verdict: StepVerdict, parsed: ParsedAnswer) -> bool:
    """Return whether a step rests on a value with no derivation in it or before it."""
    if verdict.verdict != "done" or verdict.start is None or verdict.end is None:
        return False
    _, end = parsed.within(verdict.start, verdict.end)
    upto = parsed.chains[: bisect_left([chain.start for chain in parsed.chains], end)]
    return not any(derives(chain) for chain in upto)


def _computes(verdict: StepVerdict, parsed: ParsedAnswer) -> bool:
    """Return whether the place of a step lies in a chain that relates more than name and value."""
    if verdict.start is None or verdict.end is None:
        return False
    start, end = parsed.within(verdict.start, verdict.end)
    first = bisect_right(parsed.chain_ends, start)
    return any(
        derives(chain)
        for chain in takewhile(lambda chain: chain.start < end, parsed.chains[first:])
    )
