"""Doubt evidence that computes nothing, in answers that give reason to.

Words and written forms name a step. A value that stands before every relation of an answer is
stated, not derived. Where the result is wrong, or too few steps are shown, such a place may stand
for something else; there the step is undetermined.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from problems.schema import Path
from scoring.answer.parsed_answer import ParsedAnswer
from scoring.formulas.chains import Chain
from scoring.formulas.tree import (
    Binary,
    Call,
    Constant,
    Index,
    Negation,
    Node,
    Number,
    PlusMinus,
    Variable,
)
from scoring.steps.verdict import StepVerdict

#: A right answer with a smaller share of the steps is suspected to be guessed.
GUESS_SHARE = 0.5
#: Evidence that names a step and computes nothing of it.
_NAMED = re.compile(r"(?:found (?:the words '[^']*'|the written form)(?:; |$))+")
_MAY_BE_WRONG = "the result is wrong and may come from here"
_LITTLE_FOUND = "little else of the derivation was found"
_STATED = "the value is stated before anything is derived"


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


def unsupported(
    path: Path, verdicts: tuple[StepVerdict, ...], parsed: ParsedAnswer
) -> tuple[StepVerdict, ...]:
    """Doubt what is only named or stated, in an answer that shows too little of the steps.

    That is under half of the necessary ones, undetermined ones among them: it may be guessed.
    """
    counted = [v for s, v in zip(path.steps, verdicts, strict=True) if s.necessary]
    shown = sum(verdict.verdict in ("done", "undetermined") for verdict in counted)
    if shown / len(counted) >= GUESS_SHARE:
        return verdicts
    return tuple(
        _doubted(v, _LITTLE_FOUND)
        if is_named(v)
        else _doubted(v, _STATED)
        if _is_stated(v, parsed)
        else v
        for v in verdicts
    )


def shown_share(path: Path, verdicts: tuple[StepVerdict, ...], parsed: ParsedAnswer) -> float:
    """Return the share of the necessary steps that are shown, or may be: undetermined.

    Words show nothing in an answer that states no relation, unless they show every step.
    """
    counted = [v for s, v in zip(path.steps, verdicts, strict=True) if s.necessary]
    named = sum(map(is_named, counted))
    relates = any(len(chain.sides) > 1 for chain in parsed.chains)
    shown = sum(verdict.verdict in ("done", "undetermined") for verdict in counted)
    if not relates and named < len(counted):
        shown -= named
    return shown / len(counted)


def _doubted(verdict: StepVerdict, reason: str) -> StepVerdict:
    return replace(verdict, verdict="undetermined", reason=f"{verdict.reason}, but {reason}")


def _is_stated(verdict: StepVerdict, parsed: ParsedAnswer) -> bool:
    """Return whether a step rests on a value with no derivation in it or before it."""
    if verdict.verdict != "done" or verdict.start is None or verdict.end is None:
        return False
    _, end = parsed.within(verdict.start, verdict.end)
    upto = parsed.chains[: bisect_left([chain.start for chain in parsed.chains], end)]
    return not any(_derives(chain) for chain in upto)


def _derives(chain: Chain) -> bool:
    """Return whether a chain relates more than a name and its value, or calculates."""
    nodes = [node for side in chain.sides for node in side.nodes]
    plain = all(_is_plain(node) for node in nodes)
    return not plain or len(chain.sides) > 2 or any(not side.nodes for side in chain.sides)


def _is_plain(node: Node) -> bool:
    """Return whether an expression is a name or a number, with its sign or as a fraction."""
    match node:
        case Number() | Constant() | Variable() | Index() | Call():
            return True
        case Negation() | PlusMinus():
            return _is_plain(node.operand)
        case Binary("div", Number(), Number()):
            return True
        case _:
            return False
