"""The right answer of a problem, read once for all answers to it."""

from __future__ import annotations

from dataclasses import dataclass

from problems.schema import Answer
from scoring.formulas.chains import Chain, numbers_in_chain
from scoring.numeric.same_relation import RelationRule
from scoring.numeric.symbols import Symbols


@dataclass(frozen=True, slots=True)
class Writing:
    """One accepted writing of the answer and its formulas."""

    text: str
    chains: tuple[Chain, ...]


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """What a problem accepts: each writing with its formulas, and how relations are compared."""

    answer: Answer
    writings: tuple[Writing, ...]
    rule: RelationRule

    @classmethod
    def of(cls, answer: Answer, symbols: Symbols) -> AnswerKey:
        """Read the writings of an answer."""
        writings = tuple(
            Writing(written, tuple(symbols.chains(written))) for written in answer.any_of
        )
        first = writings[0].chains if writings else ()
        numbers = numbers_in_chain(first[0]) if first else frozenset[float]()
        return cls(answer, writings, RelationRule(numbers, answer.tol))
