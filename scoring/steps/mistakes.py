"""Distinguish a wrong step from a missing one.

It holds false arithmetic, or gives the step's own quantity another value.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from scoring.answer.parsed_answer import Formula
from scoring.formulas.chains import Chain, Side
from scoring.formulas.tree import (
    BigOperator,
    Binary,
    Call,
    Collection,
    Constant,
    Degrees,
    Function,
    Index,
    Interval,
    Matrix,
    Node,
    Number,
    PlusMinus,
    Variable,
    names_of,
    numbers_of,
    operations_of,
    walk,
)
from scoring.numeric.compare import EQUALITIES, close, constant
from scoring.numeric.relation import Relation
from scoring.numeric.rounding import decimals_of
from scoring.steps.carried_value import CarriedValue
from scoring.steps.matcher import Hit, Matcher
from scoring.steps.patterns import CompiledPath, CompiledStep, EqPattern, Group, Pattern
from scoring.steps.references import Reference, References, same_quantity

_NAMED = (Variable, Index, Call)
#: What may mean more than a number where it is worked out.
_UNPLAIN = (Call, Index, BigOperator, PlusMinus, Collection, Interval, Matrix)
#: Words before a value that is only supposed.
_SUPPOSED = re.compile(
    r"(?:若|如果|假如|例如|比如|当|\b(?:if|when|suppose|say|for example|e\.g\.))"
    r"[^,，。;；\n]{0,16}$",
    re.IGNORECASE,
)
#: Words that bind a formula to the one before it.
_BOUND = re.compile(r"(?:\b(?:from|to|at|between|and)|[从到至在])[ `$]*$")
#: Relative error that a rounded intermediate result may carry on.
ROUNDED = 6e-3


@dataclass(frozen=True, slots=True)
class Mistake:
    """A place in the normalised text where something is wrong, and what it is.

    ``carried`` is the value that the answer goes on with, if it is a number.
    """

    start: int
    end: int
    reason: str
    carried: CarriedValue | None = None


class Mistakes:
    """Finds mistakes in one answer."""

    def __init__(self, matcher: Matcher, references: References) -> None:
        self.parsed = matcher.parsed
        self.matcher = matcher
        self.references = references
        self._sides = [item for chain in self.parsed.chains for item in self._false_sides(chain)]
        self.false = [mistake for _, mistake in self._sides]

    def in_hit(self, hit: Hit) -> Mistake | None:
        """Return false arithmetic in what shows a step, or just before its value."""
        for mistake in self.false:
            if mistake.start < hit.end and hit.start < mistake.end:
                return mistake
        return None

    def of_step(self, path: CompiledPath, step: CompiledStep) -> Mistake | None:
        """Return where the text gives the step's quantity another value or miscalculates it."""
        references = self.references.by_path[path.path.id]
        own = references[step.step.id]
        for formula, relation in self._claims:
            for reference in own:
                if self._contradicts(formula, reference) and not _shared(
                    reference, step.step.id, references
                ):
                    carried = _carried(relation, reference)
                    return Mistake(formula.start, formula.end, "states another value here", carried)
        return self._miscalculated(step, own)

    @cached_property
    def _claims(self) -> list[tuple[Formula, Relation]]:
        """The equations that the text states: no identity, no restatement, nothing supposed."""
        return [
            (formula, relation)
            for formula in self.parsed.relations
            if (relation := formula.relation) is not None
            and relation.relation in EQUALITIES
            and not relation.empty
            and not formula.guessed
            and not self.matcher.is_restated(formula.start, formula.end)
            and not self._supposed(formula)
        ]

    def _supposed(self, formula: Formula) -> bool:
        """Return whether the text only supposes a relation: ``if p = 10``."""
        sentence = self.parsed.sentences[self.parsed.sentence_at(formula.start)]
        start = max(sentence.start, formula.start - 24)
        return _SUPPOSED.search(self.parsed.text[start : formula.start]) is not None

    def _contradicts(self, formula: Formula, reference: Reference) -> bool:
        """Return whether a relation gives its left side what no worked solution gives it."""
        assert formula.relation is not None
        left, right = formula.relation.left, formula.relation.right
        if not same_quantity(left, reference.left):
            left, right = right, left
            if (
                not formula.adjacent
                or isinstance(left.node, Number)
                or names_of(right.node)
                or not same_quantity(left, reference.left)
            ):
                return False
        if right.row is None or isinstance(right.node, _NAMED) or left.node == right.node:
            return False
        rows = [value.row for value in reference.known if value.row is not None]
        if not rows or any(close(right.row, row, ROUNDED) for row in rows):
            return False
        if constant(right.row):
            return any(value.row is not None and constant(value.row) for value in reference.rights)
        # Another form may be right in ways that samples do not show: only the same letters, without
        # sums, can contradict, and two parameters may be chosen in more than one way.
        own = names_of(right.node)
        alike = [
            v
            for v in reference.known
            if v.row is not None and not constant(v.row) and names_of(v.node) == own
        ]
        symbols = self.parsed.symbols
        parameters = (own & symbols.scalars) - symbols.stated - symbols.indexed
        return bool(alike) and len(parameters) <= 1 and not operations_of(right.node)

    def unreadable(self, path: CompiledPath, step: CompiledStep) -> Mistake | None:
        """Return where the text says something unreadable of the step's quantity: not wrong."""
        wanted = {item.left.node for item in self.references.by_path[path.path.id][step.step.id]}
        for chain, settled in self._half_read:
            if wanted & settled:
                return Mistake(chain.start, chain.end, "a formula of this step could not be read")
        return None

    @cached_property
    def _half_read(self) -> list[tuple[Chain, frozenset[Node]]]:
        """The chains with a side that cannot be read, and the sides that can."""
        settle = self.parsed.symbols.settle
        return [
            (chain, frozenset(settle(node, {}) for side in chain.sides for node in side.nodes))
            for chain in self.parsed.chains
            if not all(side.nodes for side in chain.sides)
        ]

    def _miscalculated(self, step: CompiledStep, own: tuple[Reference, ...]) -> Mistake | None:
        """Return a false numerical equality with the numbers of one of the step's on its left."""
        wanted = [
            sorted(numbers_of(reference.left.node))
            for reference in own
            if not names_of(reference.left.node)
        ]
        wanted += [sorted(link) for link in _numeric_sides(step.pattern)]
        for side, mistake in self._sides:
            numbers = sorted(numbers_of(side.nodes[0]))
            if len(numbers) > 1 and numbers in wanted:
                return mistake
        return None

    def _false_sides(self, chain: Chain) -> list[tuple[Side, Mistake]]:
        """Return the neighbouring sides of a chain that are said to be equal and are not.

        Both are numbers, or both are worked-out forms of what stands at the head of the chain in
        the same unknowns.
        """
        mistakes: list[tuple[Side, Mistake]] = []
        for i, ((left, right), relation) in enumerate(
            zip(itertools.pairwise(chain.sides), chain.relations, strict=False)
        ):
            if relation not in ("=", "≈") or len(left.nodes) != 1 or len(right.nodes) != 1:
                continue
            a, b = left.nodes[0], right.nodes[0]
            numbers = (
                _plain(a)
                and _plain(b)
                and not isinstance(a, Constant)
                and not isinstance(b, Constant)
            )
            if not numbers and not (i > 0 and self._worked_out(chain.sides[0], a, b)):
                continue
            if i == 0 and self._is_tail(chain):
                continue
            x, y = self.parsed.evaluation.row(a), self.parsed.evaluation.row(b)
            if x is None or y is None or len(x) != len(y):
                continue
            if not close(x, y, _tolerance(a, b, relation)):
                reason = f"{left.canonical} is not {right.canonical}"
                carried = CarriedValue(right=x[0].real, wrong=y[0].real) if numbers else None
                mistakes.append((left, Mistake(left.start, right.end, reason, carried)))
        return mistakes

    def _is_tail(self, chain: Chain) -> bool:
        """Return whether words bind the first side to the text before: ``from 0 to pi/4 = 1``."""
        before = self.parsed.text[max(0, chain.start - 8) : chain.start]
        return _BOUND.search(before) is not None

    def _worked_out(self, head: Side, a: Node, b: Node) -> bool:
        """Return whether two sides claim to be forms of what stands at the head of their chain.

        They hold the same plain unknowns, declared as numbers or one letter of the answer, and the
        head is a name or holds one that they do not: so it is not an equation in them.
        """
        names = names_of(a)
        known = names <= self.parsed.symbols.scalars or (len(names) == 1 and names <= self._letters)
        return known and bool(head.nodes) and is_worked_out_form(head.nodes[0], a, b)

    @cached_property
    def _letters(self) -> frozenset[str]:
        """The letters of the answer's own, and those that the problem lists for others."""
        own = {name for node in self.parsed.definitions.letters for name in names_of(node)}
        return frozenset(own | self.parsed.symbols.simple.keys())


def is_worked_out_form(head: Node, a: Node, b: Node) -> bool:
    """Return whether two sides hold the same plain unknowns and the head of their chain does not.

    The head is a name or holds another one: so it is not an equation in them.
    """
    names = names_of(a)
    if not names or names != names_of(b):
        return False
    named = isinstance(head, _NAMED) or not names_of(head) <= names
    return named and not any(isinstance(item, _UNPLAIN) for node in (a, b) for item in walk(node))


def _numeric_sides(pattern: Pattern) -> list[list[float]]:
    if isinstance(pattern, Group):
        return [numbers for item in pattern.items for numbers in _numeric_sides(item)]
    if isinstance(pattern, EqPattern):
        return [numbers_of(link.left.node) for link in pattern.links if not link.names]
    return []


def _carried(relation: Relation, reference: Reference) -> CarriedValue | None:
    """Return the number that a relation gives instead of that of a reference."""
    stated = [
        side.row[0].real
        for side in (relation.left, relation.right)
        if side.row is not None and not names_of(side.node)
    ]
    known = [v.row[0].real for v in reference.rights if v.row is not None and constant(v.row)]
    return CarriedValue(right=known[0], wrong=stated[0]) if stated and known else None


def _shared(
    reference: Reference, step_id: str, references: Mapping[str, Sequence[Reference]]
) -> bool:
    """Return whether a lone unknown takes part in several steps.

    Then another value of it says nothing of this one.
    """
    if not isinstance(reference.left.node, (Variable, Index)):
        return False
    return any(
        other.left.node == reference.left.node
        for name, others in references.items()
        if name != step_id
        for other in others
    )


@lru_cache(maxsize=8192)
def _plain(node: Node) -> bool:
    """Return whether an expression is arithmetic that can be read in one way only.

    It holds no names, logarithms or bare angles.
    """
    for item in walk(node):
        match item:
            case Variable() | Index() | Call() | Collection() | Interval() | Matrix() | PlusMinus():
                return False
            case Constant("i") | Binary("union" | "meet"):
                return False
            case Binary("div", Function()):
                return False  # cos(2π)/7 may well be meant as cos(2π/7)
            case Function("sqrt" | "abs" | "ln"):
                continue
            case Function(name):
                if name == "log" or not any(map(_is_angle, walk(item))):
                    return False
    return True


def _is_angle(node: Node) -> bool:
    return isinstance(node, Degrees) or node == Constant("pi")


def _tolerance(a: Node, b: Node, relation: str) -> float:
    digits = [decimals_of(number) for node in (a, b) for number in numbers_of(node)]
    if relation == "≈":
        return 0.02
    return ROUNDED if max(digits, default=0) >= 2 else 1e-3 if max(digits, default=0) else 1e-9
