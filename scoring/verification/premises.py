"""What stands before a step: functions, values and equations of the statement and the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scoring.formulas.rewriting import settle_calls, substitute
from scoring.formulas.tree import (
    BigOperator,
    Binary,
    Call,
    Index,
    Node,
    Number,
    Variable,
    names_of,
    walk,
)
from scoring.numeric.compare import close, constant
from scoring.numeric.evaluation import Evaluation

#: Nested definitions that are put in one after another.
MAX_DEPTH = 4
MAX_EQUATIONS = 400


def free_names(node: Node) -> frozenset[str]:
    """Return the names in an expression that no sum or integral binds."""
    bound = {item.variable.name for item in walk(node) if isinstance(item, BigOperator)}
    return names_of(node) - bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Equation:
    """``left = right`` with its unknowns, and the step that states it; -1 for the statement."""

    left: Node
    right: Node
    names: frozenset[str]
    step: int
    #: Whether it stands so in the text, with no values put in.
    written: bool = True

    @property
    def assigns(self) -> bool:
        """Whether it only gives a name a constant value."""
        return isinstance(self.left, (Variable, Index)) and not free_names(self.right)


@dataclass(slots=True)
class Premises:
    """Collects what an answer has stated so far."""

    evaluation: Evaluation
    #: Body and letter of each function, sequences under their name with an underscore; None where
    #: it has two different ones.
    functions: dict[str, tuple[str, Node] | None] = field(default_factory=dict)
    #: Expressions that a lone name is said to be.
    formulas: dict[Node, list[Node]] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)
    #: Names with exactly one constant value in the whole answer.
    values: Mapping[Node, Node] = field(default_factory=dict)
    #: Where each of them is first stated, and how far the answer has been read: an equation is not
    #: held to a value that is only found behind it.
    stated: Mapping[Node, int] = field(default_factory=dict)
    reached: int = 0

    def add(self, raw_left: Node, left: Node, right: Node, step: int) -> None:
        """Take an equation as stated; ``raw_left`` still has ``f(x)`` for what is settled as f."""
        if len(self.equations) >= MAX_EQUATIONS:
            return
        self._define(raw_left, left, right)
        names = free_names(left) | free_names(right)
        self.equations.append(Equation(left=left, right=right, names=names, step=step))
        if isinstance(left, (Variable, Index)) and free_names(right) - free_names(left):
            known = self.formulas.setdefault(left, [])
            if right not in known:
                known.append(right)

    def put_in(self, node: Node, *, but: frozenset[Node] = frozenset()) -> Node:
        """Return an expression with functions applied and known values put in, except for some."""
        table: dict[Node, Node] = {
            name: known[0]
            for name, known in self.formulas.items()
            if len(known) == 1 and isinstance(name, Variable) and name not in but
        }
        table |= {
            name: value
            for name, value in self.values.items()
            if name not in but and self.stated.get(name, -1) <= self.reached
        }
        for _ in range(MAX_DEPTH):
            changed = substitute(self._applied(node), table) if table else self._applied(node)
            if changed == node:
                break
            node = changed
        return node

    def trusted(self, equations: Iterable[tuple[Node, Node]]) -> frozenset[Node]:
        """Return the names whose value satisfies most of the equations that hold it.

        Such a value is held against equations before it too: one that does not satisfy it is the
        odd one out. Equations that only give a name its value say nothing.
        """
        balance: dict[Node, int] = {}
        table = dict(self.values)
        for left, right in equations:
            if left in table and not free_names(right):
                continue
            held = {item for node in (left, right) for item in walk(node) if item in table}
            put = [substitute(node, table) for node in (left, right)]
            if not held or free_names(put[0]) or free_names(put[1]):
                continue
            a, b = self.evaluation.row(put[0]), self.evaluation.row(put[1])
            if a is None or b is None or len(a) != len(b):
                continue
            for name in held:
                balance[name] = balance.get(name, 0) + (1 if close(a, b, 1e-3) else -1)
        return frozenset(name for name, votes in balance.items() if votes > 0)

    def unbound(self, names: frozenset[str]) -> bool:
        """Return whether no equation so far relates these names to each other."""
        return not any(
            equation.names and equation.names <= names and not equation.assigns
            for equation in self.equations
        )

    def body_of(self, name: str) -> tuple[str, Node] | None:
        """Return letter and body of a function that has exactly one definition."""
        return self.functions.get(name)

    def ambiguous(self, *nodes: Node) -> bool:
        """Return whether ``f(0)`` may be meant where a function is multiplied by a number."""
        return any(
            isinstance(item, Binary)
            and item.operator == "mul"
            and isinstance(item.left, Variable)
            and isinstance(item.right, Number)
            and item.left.name in self.functions
            for node in nodes
            for item in walk(node)
        )

    def _define(self, raw: Node, left: Node, right: Node) -> None:
        match raw:
            case Call(name, primes, Variable(letter)) if free_names(right) == {letter}:
                self._function(name + "'" * primes, letter, right)
            case Index(name, Variable(letter)) if free_names(right) == {letter}:
                self._function(name + "_", letter, right)
            case _ if isinstance(left, Variable) and len(free_names(right)) == 1:
                (letter,) = free_names(right)
                if letter != left.name:
                    self._function(left.name, letter, right)

    def _function(self, name: str, letter: str, body: Node) -> None:
        known = self.functions.get(name, (letter, body))
        if known is None:
            return
        same = known == (letter, body)
        if not same and known[0] == letter:
            a, b = self.evaluation.row(known[1]), self.evaluation.row(body)
            same = a is not None and b is not None and close(a, b)
        self.functions[name] = known if same else None

    def _applied(self, node: Node) -> Node:
        table: dict[Node, Node] = {}
        for item in walk(node):
            match item:
                case Call(name, primes, argument):
                    found = self.functions.get(name + "'" * primes)
                case Index(name, argument) if not isinstance(argument, Variable):
                    found = self.functions.get(name + "_")
                case _:
                    continue
            if found is not None and argument != Variable(found[0]):
                table[item] = substitute(found[1], {Variable(found[0]): argument})
        return settle_calls(substitute(node, table)) if table else node


def only_values(
    equations: list[tuple[Node, Node]], evaluation: Evaluation, letters: frozenset[str]
) -> dict[Node, Node]:
    """Return the names that are given exactly one constant value, except letters of functions."""
    found: dict[Node, Node] = {}
    several: set[Node] = set()
    for left, right in equations:
        if not isinstance(left, (Variable, Index)) or free_names(right) or left == right:
            continue
        if isinstance(left, Variable) and left.name in letters:
            continue
        row = evaluation.row(right)
        if row is None or not constant(row):
            several.add(left)
            continue
        known = found.setdefault(left, right)
        other = evaluation.row(known)
        if other is None or not close(row, other, 1e-9):
            several.add(left)
    return {
        name: value
        for name, value in found.items()
        if name not in several and not isinstance(name, Number)
    }
