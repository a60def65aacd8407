"""A problem prepared for scoring: parsed evidence, the readings of its names and what the statement already says.

Compiled once and kept; everything here is derived from the problem alone.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from problems.evidence import AllOf, AnyOf, EqEvidence, EvidenceItem, RegexEvidence, ValueEvidence, WordsEvidence
from problems.schema import Path, Problem, Step
from scoring.chains import Chain, Side, find_chains
from scoring.evaluate import BUDGET, Evaluator, Unknown, flatten
from scoring.expression import Node, names_of, numbers_of, operations_of, substitute
from scoring.lexer import tokenise
from scoring.normalise import normalise
from scoring.parser import parse
from scoring.relations import Row, combined, difference, direction, vanishes
from scoring.sampling import Sampler

MAX_READINGS = 8
#: Node visits that all formulas of one answer may take together.
ALLOWANCE = 300_000
#: A table of replacements: one way to understand the letters of a formula.
Reading = dict[Node, Node]


@dataclass(slots=True)
class Values:
    """One expression under one reading: its node and its values, plain and formal, worked out when first asked for."""

    node: Node
    scope: Scope
    #: Whether working them out is charged to the answer; what belongs to the problem is free.
    charged: bool = True
    _row: Row | None = None
    _formal: Row | None = None
    _tried: bool = False
    _tried_formal: bool = False

    @property
    def row(self) -> Row | None:
        """Values at the sample points, or None where unknown."""
        if not self._tried:
            self._tried = True
            self._row = self.scope.evaluate(self.node, charged=self.charged)
        return self._row

    @property
    def formal(self) -> Row | None:
        """Values with named functions taken as unknown ones."""
        if not self._tried_formal:
            self._tried_formal = True
            self._formal = self.scope.evaluate(self.node, formal=True, charged=self.charged)
        return self._formal


@dataclass(slots=True)
class Relation:
    """``left relation right`` between two sides, with the difference of their values."""

    left: Values
    relation: str
    right: Values
    gap: Row | None = None
    empty: bool = False

    @property
    def names(self) -> frozenset[str]:
        """Names on both sides."""
        return names_of(self.left.node) | names_of(self.right.node)

    @property
    def operations(self) -> frozenset[str]:
        """Sums, products and integrals on both sides."""
        return operations_of(self.left.node) | operations_of(self.right.node)

    @property
    def solved(self) -> bool:
        """Whether one side is a lone name, or a multiple of one, that the other side does not hold."""
        for side, other in ((self.left.node, self.right.node), (self.right.node, self.left.node)):
            lone = side[2] if side[0] == "mul" and side[1][0] == "n" else side
            if lone[0] in ("v", "idx", "call") and not names_of(lone) & names_of(other):
                return True
        return False

    @classmethod
    def of(cls, left: Values, relation: str, right: Values) -> Relation:
        """Return the relation, order relations turned so that they read ``<`` or ``≤``."""
        turned, swap = direction(relation)
        if swap:
            left, right = right, left
        made = cls(left, turned, right)
        if left.row is not None and right.row is not None:
            made.gap = difference(left.row, right.row)
            made.empty = made.gap is not None and vanishes(made.gap, (left.row, right.row))
        return made


class Scope:
    """The names of a problem: how they are sampled and what other letters may stand for them."""

    def __init__(self, problem: Problem) -> None:
        spelled = {var.name: _name(var.name) for var in problem.vars}
        self.sampler = Sampler.of(problem, spelled)
        self.exact = Evaluator(self.sampler)
        self.formal = Evaluator(self.sampler, formal=True)
        self.arrays = frozenset(spelled[var.name] for var in problem.vars if var.type in ("matrix", "vector"))
        self.scalars = frozenset(spelled.values()) - self.arrays
        self.declared = frozenset(spelled.values())
        self.cache: dict[tuple[Node, bool], tuple[Row | None, int]] = {}
        self.allowance = ALLOWANCE
        self.simple: dict[str, list[Node]] = {}
        self.compound: Reading = {}
        self.groups = {_name(name): tuple(_name(w) for w in written) for name, written in problem.aliases.items()}
        for name, writings in problem.aliases.items():
            self._alias(name, writings)
        self.stated: frozenset[str] = frozenset()

    def _alias(self, name: str, writings: Iterable[str]) -> None:
        target = self.read(name)
        if target is None:
            return
        for writing in writings:
            node = self.read(writing)
            if node is None or node == target:
                continue
            if node[0] == "v":
                self.simple.setdefault(node[1], []).append(target)
            else:
                self.compound[node] = target

    def read(self, text: str) -> Node | None:
        """Parse a piece of LaTeX as one expression."""
        return parse(tokenise(normalise(text).text, self.arrays, maths=True), self.scalars)

    def chains(self, text: str) -> list[Chain]:
        """Parse LaTeX that is all formula."""
        return find_chains(tokenise(normalise(text).text, self.arrays, maths=True), self.scalars)

    def evaluate(self, node: Node, *, formal: bool = False, charged: bool = True) -> Row | None:
        """Return the values of a node, or None; remembered, since answers repeat themselves.

        The cost is charged to the allowance of the answer each time, remembered or not, so that a verdict never
        depends on what was scored before.
        """
        if charged and self.allowance <= 0:
            return None
        key = (node, formal)
        known = self.cache.get(key)
        if known is None:
            if len(self.cache) > 20_000:
                self.cache.clear()
            evaluator = self.formal if formal else self.exact
            try:
                row: Row | None = flatten(evaluator.vector(node))
            except Unknown:
                row = None
            known = self.cache[key] = (row, BUDGET - evaluator.budget)
        if charged:
            self.allowance -= known[1]
        return known[0]

    def readings(self, names: frozenset[str], introduced: tuple[Node, ...]) -> list[Reading]:
        """Return the ways to understand the letters of a formula, the plainest first.

        A letter may stand for what the problem lists it for; a letter that the problem does not know may stand for one
        that only the solver introduces.
        """
        choices: list[tuple[str, list[Node]]] = []
        for name in sorted(names):
            options: list[Node] = [("v", name)] if name in self.declared or name not in self.simple else []
            options += self.simple.get(name, [])
            if not options[1:] and name not in self.declared and name not in self.stated and name not in self.simple:
                options += [node for node in introduced if len(name) == 1 and node[1] not in names]
            if options != [("v", name)]:
                choices.append((name, options))
        found: list[Reading] = []
        for combination in itertools.islice(itertools.product(*(options for _, options in choices)), MAX_READINGS):
            if len(set(map(repr, combination))) == len(combination):
                found.append(
                    {
                        ("v", name): node
                        for (name, _), node in zip(choices, combination, strict=True)
                        if node != ("v", name)
                    }
                )
        return found or [{}]


def _name(text: str) -> str:
    """Return the parsed name of a variable written in LaTeX."""
    node = parse(tokenise(normalise(text).text, maths=True), frozenset(("e", "i")))
    if node is None:
        return text
    if node[0] == "v":
        return str(node[1])
    if node[0] == "idx" and node[2][0] in ("n", "v"):
        return f"{node[1]}_{int(node[2][1]) if node[2][0] == 'n' else node[2][1]}"
    return text


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
        self.scope = Scope(problem)
        self.statement_chains = [
            chain
            for text in problem.statement.values()
            for chain in find_chains(tokenise(normalise(text).text, self.scope.arrays), self.scope.scalars)
        ]
        self.scope.stated = frozenset(
            name
            for chain in self.statement_chains
            for side in chain.sides
            for node in side.nodes
            for name in names_of(node)
        )
        self.statement = tuple(re.sub(r"\s+", "", normalise(text).text) for text in problem.statement.values())
        self.given = frozenset(
            (a.canonical, b.canonical) for chain in self.statement_chains for a, b in itertools.pairwise(chain.sides)
        )
        #: Filled by `scoring.faults` for each path when it first needs it.
        self.references: dict[str, Any] = {}
        self.introduced = tuple(("v", name) for name in sorted(self.scope.scalars - self.scope.stated))
        self.paths = [
            CompiledPath(path, [CompiledStep(step, self.compile(step.evidence)) for step in path.steps])
            for path in problem.paths
        ]

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
        made.numbers = frozenset(number for side in chain.sides for node in side.nodes for number in numbers_of(node))
        reading = self.scope.readings(_names(chain.sides), ())[0] if chain.sides else {}
        for i, (left, right) in enumerate(itertools.pairwise(chain.sides)):
            relation = combined(chain.relations[i : i + 1])
            if relation and left.nodes and right.nodes:
                sides = [Values(self.settle(side.nodes[0], reading), self.scope, charged=False) for side in (left, right)]
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
        values = Values(self.settle(node, reading), self.scope, charged=False)
        number = values.row[0] if values.row is not None and not names_of(node) else None
        return ValuePattern(item, values, canonical, number)

    def settle(self, node: Node, reading: Reading) -> Node:
        """Return a node with the letters of one reading put in, compound aliases first."""
        if self.scope.compound:
            node = substitute(node, self.scope.compound)
        return substitute(node, reading) if reading else node


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
