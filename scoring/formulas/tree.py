"""Expressions as trees of frozen nodes. Nothing is evaluated here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, Literal, TypeGuard

Operator = Literal[
    "add", "sub", "mul", "cross", "div", "pow", "union", "meet", "binom", "perm"
]  # fmt: skip
Sign = Literal["sum", "prod", "int"]


class ParseError(ValueError):
    """The tokens are not an expression, or one beyond the bounds."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """An expression, equal to another where the trees are; it keeps its hash, as it is a key."""

    _hash: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        kind: Any = type(self)
        object.__setattr__(self, "_hash", hash(_parts_of(kind)(self)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Node) or self._hash != other._hash:
            return False
        return _same_parts(self, other)

    def parts(self) -> tuple[Any, ...]:
        """Return the class and everything that the node is made of, in order."""
        kind: Any = type(self)
        return _parts_of(kind)(self)

    def children(self) -> tuple[Node, ...]:
        """Return the expressions that the node joins."""
        return ()

    def with_children(self, children: tuple[Node, ...]) -> Node:
        """Return the same node over other expressions."""
        given, (kind, *parts) = iter(children), self.parts()
        node: Node = kind(*[next(given) if isinstance(part, Node) else part for part in parts])
        return node


@cache
def _parts_of(kind: Any) -> Callable[[Node], tuple[Any, ...]]:
    """Return what reads the parts of such a node."""
    return attrgetter("__class__", *kind.__match_args__)


@dataclass(frozen=True, slots=True, eq=False)
class Number(Node):
    """A number literal."""

    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Variable(Node):
    """A name; primes belong to it."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Constant(Node):
    """One of pi, e, i and inf."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Unary(Node):
    """A sign before or behind one expression."""

    operand: Node

    def children(self) -> tuple[Node, ...]:
        """Return the operand."""
        return (self.operand,)


class Negation(Unary):
    """``-a``."""

    __slots__ = ()


class PlusMinus(Unary):
    """``±a``."""

    __slots__ = ()


class Factorial(Unary):
    """``a!``."""

    __slots__ = ()


class Degrees(Unary):
    """``a°``."""

    __slots__ = ()


class Transpose(Unary):
    """``a^T``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Binary(Node):
    """Two expressions joined by an operator."""

    operator: Operator
    left: Node
    right: Node

    def children(self) -> tuple[Node, ...]:
        """Return both operands."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True, eq=False)
class Function(Node):
    """A known function of one argument; a logarithm may have a base."""

    name: str
    argument: Node
    base: Node | None = None

    def children(self) -> tuple[Node, ...]:
        """Return the argument, and the base if there is one."""
        return (self.argument,) if self.base is None else (self.argument, self.base)


@dataclass(frozen=True, slots=True, eq=False)
class Call(Node):
    """An unknown function, its primes, and its argument or the collection of them."""

    name: str
    primes: int
    argument: Node

    def children(self) -> tuple[Node, ...]:
        """Return the argument."""
        return (self.argument,)


@dataclass(frozen=True, slots=True, eq=False)
class Index(Node):
    """An indexed name."""

    name: str
    index: Node

    @property
    def written(self) -> str:
        """The name with a plain index behind it, as variables are declared; else empty."""
        match self.index:
            case Number(value):
                return f"{self.name}_{int(value)}"
            case Variable(letter):
                return f"{self.name}_{letter}"
        return ""

    def children(self) -> tuple[Node, ...]:
        """Return the index."""
        return (self.index,)


@dataclass(frozen=True, slots=True, eq=False)
class BigOperator(Node):
    """A sum, a product or an integral of a body over a variable between two bounds."""

    sign: Sign
    variable: Variable
    low: Node
    high: Node
    body: Node

    def children(self) -> tuple[Node, ...]:
        """Return the variable, the bounds and the body."""
        return (self.variable, self.low, self.high, self.body)

    def with_children(self, children: tuple[Node, ...]) -> Node:
        """Return the same sign over other expressions."""
        variable, low, high, body = children
        if not isinstance(variable, Variable):
            # The bound letter was replaced by a term: it stays, as its body no longer holds it.
            variable = self.variable
        return BigOperator(self.sign, variable, low, high, body)


@dataclass(frozen=True, slots=True, eq=False)
class Collection(Node):
    """Several expressions with commas between them."""

    kind: Literal["tuple", "list", "set"]
    items: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """Return the items."""
        return self.items

    def with_children(self, children: tuple[Node, ...]) -> Node:
        """Return a collection of the same kind."""
        return Collection(self.kind, children)


@dataclass(frozen=True, slots=True, eq=False)
class Matrix(Node):
    """Cells in rows, which may differ in length."""

    rows: tuple[tuple[Node, ...], ...]

    def children(self) -> tuple[Node, ...]:
        """Return the cells."""
        return tuple(cell for row in self.rows for cell in row)

    def with_children(self, children: tuple[Node, ...]) -> Node:
        """Return a matrix of the same shape."""
        cells = iter(children)
        return Matrix(tuple(tuple(next(cells) for _ in row) for row in self.rows))


@dataclass(frozen=True, slots=True, eq=False)
class Interval(Node):
    """Two ends and whether each belongs to the interval."""

    low: Node
    high: Node
    low_closed: bool
    high_closed: bool

    def children(self) -> tuple[Node, ...]:
        """Return the ends."""
        return (self.low, self.high)


def _same_parts(one: Any, other: Any) -> bool:
    """Return whether two nodes are equal, without recursion: long sums are deep trees."""
    stack = [(one, other)]
    while stack:
        a, b = stack.pop()
        if a is b:
            continue
        if isinstance(a, Node):
            if type(a) is not type(b) or hash(a) != hash(b):
                return False
            stack.extend(zip(a.parts(), b.parts(), strict=True))
        elif isinstance(a, tuple):
            if len(a) != len(b):
                return False
            stack.extend(zip(a, b, strict=True))
        elif a != b:
            return False
    return True


@lru_cache(maxsize=16384)
def interned(node: Node) -> Node:
    """Return one object for equal expressions while it is remembered: it compares at once."""
    return node


def items_of(node: Node) -> tuple[Node, ...]:
    """Return the items of a tuple, or the expression as the only one."""
    return node.items if is_tuple(node) else (node,)


def is_tuple(node: Node) -> TypeGuard[Collection]:
    """Return whether an expression is several with commas between them and no brackets around."""
    return isinstance(node, Collection) and node.kind == "tuple"


def walk(node: Node) -> list[Node]:
    """Return an expression and every expression in it, the outer ones first."""
    items = [node]
    for item in items:
        items.extend(item.children())
    return items


@lru_cache(maxsize=16384)
def names_of(node: Node) -> frozenset[str]:
    """Return the names of variables, indexed names and unknown functions in an expression."""
    return frozenset(
        [item.name for item in walk(node) if isinstance(item, (Variable, Index, Call))]
    )


def numbers_of(node: Node) -> list[float]:
    """Return the number literals of an expression."""
    return [item.value for item in walk(node) if isinstance(item, Number)]


@lru_cache(maxsize=8192)
def operations_of(node: Node) -> frozenset[str]:
    """Return which sums, products and integrals stand in an expression, by their signs.

    A derivation carries them out: a value that still holds one is not the value without it.
    """
    return frozenset([item.sign for item in walk(node) if isinstance(item, BigOperator)])


def holds(node: Node, kind: type[Node]) -> bool:
    """Return whether an expression or one in it is of exactly this kind."""
    return kind in map(type, walk(node))
