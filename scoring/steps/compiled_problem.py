"""A problem prepared for scoring: its evidence as patterns and what the statement already says.

Compiled once and kept; everything here is derived from the problem alone.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from problems.evidence import (
    AllOf,
    AnyOf,
    EqEvidence,
    EvidenceItem,
    RegexEvidence,
    ValueEvidence,
    WordsEvidence,
)
from problems.schema import Path, Problem, Step
from scoring.formulas.chains import Side, find_chains
from scoring.formulas.lexer import tokenise
from scoring.formulas.tree import names_of, numbers_of
from scoring.numeric.compare import combined
from scoring.steps.implied_evidence import described_values, numbers_in
from scoring.steps.symbols import Relation, Symbols, Values
from scoring.text.normalise import normalise


@dataclass(slots=True)
class EqPattern:
    """A relation to look for: each of its links must stand in one chain."""

    item: EqEvidence
    links: list[Relation] = field(default_factory=list)
    canonical: tuple[str, ...] = ()
    numbers: frozenset[float] = frozenset()


@dataclass(slots=True)
class ValuePattern:
    """A value or expression to look for."""

    item: ValueEvidence
    values: Values | None
    canonical: str
    number: complex | None = None


@dataclass(slots=True)
class WordsPattern:
    """Words of which one must stand there; ``tight`` ones are looked for without spaces."""

    item: WordsEvidence
    tight: re.Pattern[str] | None
    spaced: re.Pattern[str] | None


@dataclass(slots=True)
class RegexPattern:
    """A pattern to search for."""

    item: RegexEvidence
    pattern: re.Pattern[str]


@dataclass(slots=True)
class Group:
    """Several patterns joined by any_of or all_of."""

    every: bool
    items: list[Pattern]


Pattern = EqPattern | ValuePattern | WordsPattern | RegexPattern | Group


@dataclass(slots=True)
class CompiledStep:
    """A step with its patterns."""

    step: Step
    pattern: Pattern


@dataclass(slots=True)
class CompiledPath:
    """A path with its steps."""

    path: Path
    steps: list[CompiledStep]


class CompiledProblem:
    """Everything about a problem that scoring an answer needs."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.scope = Symbols(problem)
        self.statement_chains = [
            chain
            for text in problem.statement.values()
            for chain in find_chains(
                tokenise(normalise(text).text, self.scope.arrays), self.scope.grammar
            )
        ]
        self.scope.stated = frozenset(
            name
            for chain in self.statement_chains
            for side in chain.sides
            for node in side.nodes
            for name in names_of(node)
        )
        self.statement = tuple(
            re.sub(r"\s+", "", normalise(text).text) for text in problem.statement.values()
        )
        self.given = frozenset(
            (a.canonical, b.canonical)
            for chain in self.statement_chains
            for a, b in itertools.pairwise(chain.sides)
        )
        #: Filled by `scoring.steps.mistakes` for each path when it first needs it.
        self.references: dict[str, Any] = {}
        self.introduced = tuple(sorted(self.scope.scalars - self.scope.stated))
        self.paths = [
            CompiledPath(path, [CompiledStep(step, self.step(step, path)) for step in path.steps])
            for path in problem.paths
        ]

    def step(self, step: Step, path: Path) -> Pattern:
        """Return the pattern of a step: its evidence, and its number beside the words of its description."""
        others = [
            text for other in path.steps if other is not step for text in other.describe.values()
        ]
        taken = numbers_in([*self.problem.statement.values(), *others])
        pattern = self.compile(step.evidence)
        constants = [
            link.right.row[0].real for link in _solved(pattern) if link.right.row is not None
        ]
        said = [self.compile(item) for item in described_values(step, constants, taken)]
        return Group(every=False, items=[pattern, *said]) if said else pattern

    def compile(self, item: EvidenceItem) -> Pattern:
        """Return the prepared form of one evidence item."""
        if isinstance(item, (AnyOf, AllOf)):
            return Group(isinstance(item, AllOf), [self.compile(inner) for inner in item.items])
        if isinstance(item, EqEvidence):
            return self._eq(item)
        if isinstance(item, ValueEvidence):
            return self._value(item)
        if isinstance(item, RegexEvidence):
            return RegexPattern(item, re.compile(item.regex))
        return words_pattern(item)

    def _eq(self, item: EqEvidence) -> EqPattern:
        chains = self.scope.chains(item.eq)
        made = EqPattern(item)
        if not chains:
            return made
        chain = chains[0]
        made.canonical = tuple(side.canonical for side in chain.sides)
        made.numbers = frozenset(
            number for side in chain.sides for node in side.nodes for number in numbers_of(node)
        )
        reading = self.scope.readings(_names(chain.sides), ())[0] if chain.sides else {}
        for i, (left, right) in enumerate(itertools.pairwise(chain.sides)):
            relation = combined(chain.relations[i : i + 1])
            if relation and left.nodes and right.nodes:
                sides = [
                    Values(self.scope.settle(side.nodes[0], reading), self.scope, charged=False)
                    for side in (left, right)
                ]
                made.links.append(Relation.of(sides[0], relation, sides[1]))
        if len(made.links) != len(chain.relations):
            made.links = []
        return made

    def _value(self, item: ValueEvidence) -> ValuePattern:
        node = self.scope.read(item.value)
        canonical = "".join(item.value.split())
        if node is None:
            return ValuePattern(item, None, canonical)
        if item.unit == "%":
            node = ("div", node, ("n", 100.0))
        reading = self.scope.readings(names_of(node), ())[0]
        values = Values(self.scope.settle(node, reading), self.scope, charged=False)
        number = values.row[0] if values.row is not None and not names_of(node) else None
        return ValuePattern(item, values, canonical, number)


def _solved(pattern: Pattern) -> Iterator[Relation]:
    """Yield the equations of the evidence that give a lone name a number."""
    if isinstance(pattern, Group) and not pattern.every:
        for item in pattern.items:
            yield from _solved(item)
    elif isinstance(pattern, EqPattern) and len(pattern.links) == 1 and not pattern.item.near:
        link = pattern.links[0]
        if link.relation == "=" and link.solved and not names_of(link.right.node):
            yield link


def _names(sides: Iterable[Side]) -> frozenset[str]:
    return frozenset(name for side in sides for node in side.nodes for name in names_of(node))


def words_pattern(item: WordsEvidence) -> WordsPattern:
    """Return the search patterns of words: Chinese ones without spaces, others from a word's beginning."""
    tight = [re.escape("".join(word.split())) for word in item.all_words if not word.isascii()]
    spaced = [_english(word) for word in item.all_words if word.isascii()]
    return WordsPattern(
        item,
        re.compile(rf"(?<![不非未])(?:{'|'.join(tight)})") if tight else None,
        re.compile(rf"(?<![A-Za-z])(?:{'|'.join(spaced)})", re.IGNORECASE) if spaced else None,
    )


def _english(word: str) -> str:
    body = r"[\s-]+".join(re.escape(part) for part in re.split(r"[\s-]+", word.strip()))
    return body + r"(?![A-Za-z])" if len(word) <= 3 else body


_COMPILED: dict[str, tuple[Problem, CompiledProblem]] = {}
MAX_COMPILED = 512


def compile_problem(problem: Problem) -> CompiledProblem:
    """Return the compiled form of a problem; the same object gives the same compiled form."""
    known = _COMPILED.get(problem.id)
    if known is not None and (known[0] is problem or known[0] == problem):
        return known[1]
    if len(_COMPILED) >= MAX_COMPILED:
        _COMPILED.clear()
    made = CompiledProblem(problem)
    _COMPILED[problem.id] = (problem, made)
    return made
