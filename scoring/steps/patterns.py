"""The evidence of a problem as patterns to look for in an answer."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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
from scoring.formulas.chains import Side, numbers_in_chain
from scoring.formulas.tree import Binary, Node, Number, names_of
from scoring.numeric.compare import combined
from scoring.numeric.evaluation import Evaluation
from scoring.numeric.relation import KnownValues, Relation, Values
from scoring.numeric.same_relation import RelationRule
from scoring.numeric.symbols import Reading, Symbols
from scoring.steps.implied_evidence import described_values, numbers_in
from scoring.steps.near_word import NearWord


@dataclass(frozen=True, slots=True)
class EqPattern:
    """A relation to look for: each of its links must stand in one chain."""

    item: EqEvidence
    rule: RelationRule
    links: tuple[Relation, ...] = ()
    canonical: tuple[str, ...] = ()
    near: tuple[NearWord, ...] = ()


@dataclass(frozen=True, slots=True)
class ValuePattern:
    """A value or expression to look for."""

    item: ValueEvidence
    values: KnownValues | None
    canonical: str
    number: complex | None = None
    near: tuple[NearWord, ...] = ()


@dataclass(frozen=True, slots=True)
class WordsPattern:
    """Words of which one must stand there; ``tight`` ones are looked for without spaces."""

    item: WordsEvidence
    tight: re.Pattern[str] | None
    spaced: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class RegexPattern:
    """A pattern to search for."""

    item: RegexEvidence
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Group:
    """Several patterns joined by any_of or all_of."""

    every: bool
    items: tuple[Pattern, ...]


Pattern = EqPattern | ValuePattern | WordsPattern | RegexPattern | Group


@dataclass(frozen=True, slots=True)
class CompiledStep:
    """A step with its patterns."""

    step: Step
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class CompiledPath:
    """A path with its steps."""

    path: Path
    steps: tuple[CompiledStep, ...]


@dataclass(frozen=True, slots=True)
class PatternCompiler:
    """Turns the evidence of a problem into patterns."""

    problem: Problem
    symbols: Symbols
    evaluation: Evaluation

    def path(self, path: Path) -> CompiledPath:
        """Return a path with the patterns of its steps."""
        steps = tuple(CompiledStep(step, self.step(step, path)) for step in path.steps)
        return CompiledPath(path, steps)

    def step(self, step: Step, path: Path) -> Pattern:
        """Return the pattern of a step: its evidence, and its number beside words for it."""
        others = [
            text for other in path.steps if other is not step for text in other.describe.values()
        ]
        taken = numbers_in([*self.problem.statement.values(), *others])
        pattern = self.compile(step.evidence)
        constants = [
            link.right.row[0].real for link in _solved(pattern) if link.right.row is not None
        ]
        said = [self.compile(item) for item in described_values(step, constants, taken)]
        return Group(every=False, items=(pattern, *said)) if said else pattern

    def compile(self, item: EvidenceItem) -> Pattern:
        """Return the prepared form of one evidence item."""
        if isinstance(item, (AnyOf, AllOf)):
            return Group(isinstance(item, AllOf), tuple(map(self.compile, item.items)))
        if isinstance(item, EqEvidence):
            return self.eq(item)
        if isinstance(item, ValueEvidence):
            return self._value(item)
        if isinstance(item, RegexEvidence):
            return RegexPattern(item, re.compile(item.regex))
        return words_pattern(item)

    def eq(self, item: EqEvidence) -> EqPattern:
        """Return the prepared form of a relation; without links where it cannot be read."""
        literal = item.form == "text"
        near = tuple(map(NearWord.of, item.near))
        chains = self.symbols.chains(item.eq)
        if not chains:
            return EqPattern(item, RelationRule(tol=item.tol, literal=literal), near=near)
        chain = chains[0]
        reading = self.symbols.readings(_names(chain.sides))[0] if chain.sides else {}
        links: list[Relation] = []
        for i, (left, right) in enumerate(itertools.pairwise(chain.sides)):
            relation = combined(chain.relations[i : i + 1])
            if relation and left.nodes and right.nodes:
                a, b = (self._known(side.nodes[0], reading) for side in (left, right))
                links.append(Relation.of(a, relation, b))
        return EqPattern(
            item,
            RelationRule(numbers_in_chain(chain), item.tol, literal),
            tuple(links) if len(links) == len(chain.relations) else (),
            tuple(side.canonical for side in chain.sides),
            near,
        )

    def _value(self, item: ValueEvidence) -> ValuePattern:
        node = self.symbols.read(item.value)
        canonical = "".join(item.value.split())
        near = tuple(map(NearWord.of, item.near))
        if node is None:
            return ValuePattern(item, None, canonical, near=near)
        if item.unit == "%":
            node = Binary("div", node, Number(100.0))
        values = self._known(node, self.symbols.readings(names_of(node))[0])
        number = values.row[0] if values.row is not None and not names_of(node) else None
        return ValuePattern(item, values, canonical, number, near)

    def _known(self, node: Node, reading: Reading) -> KnownValues:
        return Values(self.symbols.settle(node, reading), self.evaluation).known()


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
    """Return the search patterns of words: Chinese without spaces, others from their start."""
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
