"""The names of a problem: how they are sampled, what other letters stand for them, and values under one reading."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from problems.schema import Problem
from problems.validator import leaves
from scoring.formulas.chains import Chain, find_chains
from scoring.formulas.lexer import tokenise
from scoring.formulas.parser import parse
from scoring.formulas.tree import (
    Node,
    index_calls,
    names_of,
    operations_of,
    rename,
    settle_calls,
    substitute,
)
from scoring.numeric.compare import Row, difference, direction, vanishes
from scoring.numeric.evaluator import BUDGET, Evaluator, UnknownValueError, flatten
from scoring.numeric.sample_points import SamplePoints
from scoring.text.normalise import normalise

MAX_READINGS = 8
#: Node visits that all formulas of one answer may take together.
ALLOWANCE = 60_000
#: Names and what they stand for: one way to understand the letters of a formula.
Reading = dict[str, str]


@dataclass(slots=True)
class Values:
    """One expression under one reading: its node and its values, plain and formal, worked out when first asked for."""

    node: Node
    scope: Symbols
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
    """``left relation right`` between two sides, with the difference of their values.

    ``operations`` are the sums, products and integrals on both sides; ``solved`` says that it gives a lone name a value.
    """

    left: Values
    relation: str
    right: Values
    gap: Row | None = None
    empty: bool = False
    names: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()
    solved: bool = False
    #: Second gap over the first: relations that differ by a factor only agree in it.
    ratio: complex | None = None

    @classmethod
    def of(cls, left: Values, relation: str, right: Values) -> Relation:
        """Return the relation, order relations turned so that they read ``<`` or ``≤``."""
        turned, swap = direction(relation)
        if swap:
            left, right = right, left
        made = cls(left, turned, right)
        made.names = names_of(left.node) | names_of(right.node)
        made.operations = operations_of(left.node) | operations_of(right.node)
        made.solved = _is_solved(left.node, right.node)
        if left.row is not None and right.row is not None:
            made.gap = difference(left.row, right.row)
            made.empty = made.gap is not None and vanishes(made.gap, (left.row, right.row))
            if (
                made.gap is not None
                and not made.empty
                and len(made.gap) > 1
                and abs(made.gap[0]) > 1e-6
            ):
                made.ratio = made.gap[1] / made.gap[0]
        return made


def _formulas(problem: Problem) -> Iterator[str]:
    """Yield the equations and values of the evidence as written."""
    for path in problem.paths:
        for step in path.steps:
            for leaf in leaves(step.evidence):
                yield str(getattr(leaf, "eq", "") or getattr(leaf, "value", ""))


def _is_solved(left: Node, right: Node) -> bool:
    """Say whether one side is a lone name, or a multiple of one, that the other side does not hold."""
    for side, other in ((left, right), (right, left)):
        lone = side[2] if side[0] == "mul" and side[1][0] == "n" else side
        if lone[0] in ("v", "idx", "call") and not names_of(lone) & names_of(other):
            return True
    return False


class Symbols:
    """The names of a problem: how they are sampled and what other letters may stand for them."""

    def __init__(self, problem: Problem) -> None:
        spelled = {var.name: parsed_name(var.name) for var in problem.vars}
        self.sampler = SamplePoints.of(problem, spelled)
        self.exact = Evaluator(self.sampler)
        self.formal = Evaluator(self.sampler, formal=True)
        self.arrays = frozenset(
            spelled[var.name] for var in problem.vars if var.type in ("matrix", "vector")
        )
        self.scalars = frozenset(spelled.values()) - self.arrays
        self.declared = frozenset(spelled.values())
        #: Names of sequences, which plain text also writes as ``a(n)``.
        self.indexed = frozenset(
            re.findall(
                r"(?<![A-Za-z\\])([A-Za-z])_\{?[a-z]\b",
                " ".join([*problem.statement.values(), *_formulas(problem)]),
            )
        )
        #: What the parser is told: scalars, and ``a(`` for the name of a sequence, whose brackets hold an index.
        self.grammar = self.scalars | {f"{name}(" for name in self.indexed - self.scalars}
        self.cache: dict[tuple[Node, bool], tuple[Row | None, int]] = {}
        #: Solutions for one unknown, kept by `scoring.steps.linear_roots` with what they cost.
        self.roots: dict[tuple[Node, Node, str], tuple[Row | None, int]] = {}
        self.written: dict[str, list[Chain]] = {}
        self.allowance = ALLOWANCE
        self.simple: dict[str, list[str]] = {}
        self.compound: dict[Node, Node] = {}
        self.groups = {
            parsed_name(name): tuple(parsed_name(w) for w in written)
            for name, written in problem.aliases.items()
        }
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
            if node[0] == "v" and target[0] == "v":
                self.simple.setdefault(node[1], []).append(target[1])
            else:
                self.compound[node] = target

    def read(self, text: str) -> Node | None:
        """Parse a piece of LaTeX as one expression."""
        node = parse(tokenise(normalise(text).text, self.arrays, maths=True), self.grammar)
        return None if node is None else settle_calls(node)

    def chains(self, text: str) -> list[Chain]:
        """Parse LaTeX of the problem that is all formula; remembered."""
        if text not in self.written:
            self.written[text] = find_chains(
                tokenise(normalise(text).text, self.arrays, maths=True), self.grammar
            )
        return self.written[text]

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
            except UnknownValueError:
                row = None
            known = self.cache[key] = (row, BUDGET - evaluator.budget)
        if charged:
            self.allowance -= known[1]
        return known[0]

    def readings(self, names: frozenset[str], introduced: tuple[str, ...]) -> list[Reading]:
        """Return the ways to understand the letters of a formula, the plainest first.

        A letter may stand for what the problem lists it for; a letter that the problem does not know may stand for one
        that only the solver introduces.
        """
        choices: list[tuple[str, list[str]]] = []
        bases = {name.rstrip("'") for name in names}
        for name in sorted(bases):
            listed = self.simple.get(name, [])
            options = [name, *listed] if name in self.declared or not listed else listed
            if (
                not listed
                and name not in self.declared
                and name not in self.stated
                and len(name) == 1
            ):
                options = [name, *(other for other in introduced if other not in bases)]
            if options != [name]:
                choices.append((name, options))
        combinations = itertools.islice(
            itertools.product(*(options for _, options in choices)), MAX_READINGS
        )
        found: list[Reading] = [
            {name: to for (name, _), to in zip(choices, combination, strict=True) if to != name}
            for combination in combinations
            if len(set(combination)) == len(combination)
        ]
        return found or [{}]

    def settle(self, node: Node, reading: Reading) -> Node:
        """Return a node with its letters under one reading, listed writings of whole terms first."""
        if self.indexed:
            node = index_calls(node, self.indexed)
        node = settle_calls(node)
        if self.compound:
            node = substitute(node, self.compound)
        made: Node = rename(node, reading) if reading else node
        return made


def parsed_name(text: str) -> str:
    """Return the parsed name of a variable written in LaTeX."""
    node = parse(tokenise(normalise(text).text, maths=True), frozenset(("e", "i")))
    if node is None:
        return text
    if node[0] == "v":
        return str(node[1])
    if node[0] == "idx" and node[2][0] in ("n", "v"):
        return f"{node[1]}_{int(node[2][1]) if node[2][0] == 'n' else node[2][1]}"
    return text
