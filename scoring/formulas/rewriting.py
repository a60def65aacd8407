"""Rewrite expressions: other names, other writings, both readings of a plus-minus sign."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import repeat
from operator import is_

from scoring.formulas.tree import (
    Call,
    Index,
    Negation,
    Node,
    PlusMinus,
    Variable,
    holds,
    is_tuple,
    names_of,
    walk,
)


def _over_children(node: Node, change: Callable[..., Node], *settings: object) -> Node:
    """Return the node with its children changed; the same node where none of them does."""
    children = node.children()
    if not children:
        return node
    changed = tuple(map(change, children, *map(repeat, settings)))
    if all(map(is_, children, changed)):
        return node
    return node.with_children(changed)


def substitute(node: Node, table: Mapping[Node, Node]) -> Node:
    """Return the expression with every sub-expression that is a key of the table replaced."""
    if table.keys().isdisjoint(walk(node)):
        return node
    return _substituted(node, table)


def _substituted(node: Node, table: Mapping[Node, Node]) -> Node:
    found = table.get(node)
    return _over_children(node, _substituted, table) if found is None else found


def rename(node: Node, table: Mapping[str, str]) -> Node:
    """Return the expression with names replaced, bound ones too; primes stay."""
    if not any(name.rstrip("'") in table for name in names_of(node)):
        return node
    if isinstance(node, Variable):
        base = node.name.rstrip("'")
        return Variable(table[base] + node.name[len(base) :]) if base in table else node
    changed = _over_children(node, rename, table)
    if isinstance(changed, Index) and changed.name in table:
        return Index(table[changed.name], changed.index)
    if isinstance(changed, Call) and changed.name in table:
        return Call(table[changed.name], changed.primes, changed.argument)
    return changed


def index_calls(node: Node, names: frozenset[str]) -> Node:
    """Return the expression with ``a(n)`` as ``a_n`` for the names of sequences."""
    changed = _over_children(node, index_calls, names)
    if isinstance(changed, Call) and changed.name in names and not changed.primes:
        return changed if is_tuple(changed.argument) else Index(changed.name, changed.argument)
    return changed


@lru_cache(maxsize=16384)
def settle_calls(node: Node) -> Node:
    """Return the expression with ``f'(x)`` as ``f'`` and ``V(h)`` as ``V``.

    The letter in the bracket says nothing.

    Calls at a number, of several things or of a capital, such as ``f(0)`` or ``E(X)``, stay.
    """
    if not holds(node, Call):
        return node
    return _settled(node)


def _settled(node: Node) -> Node:
    if isinstance(node, Call) and isinstance(node.argument, Variable):
        letter = node.argument.name
        if (
            len(letter) == 1
            and not letter.isupper()
            and node.name[:1] not in ("D", "P", "E", "∮")
            and len(node.name) <= 2
        ):
            return Variable(node.name + "'" * node.primes)
    return _over_children(node, _settled)


@lru_cache(maxsize=8192)
def unfold_signs(node: Node) -> tuple[Node, ...]:
    """Return the one expression, or both where it holds plus-minus signs, all read alike."""
    if not holds(node, PlusMinus):
        return (node,)
    return _signed(node, 1), _signed(node, -1)


def _signed(node: Node, sign: int) -> Node:
    if isinstance(node, PlusMinus):
        inner = _signed(node.operand, sign)
        return inner if sign > 0 else Negation(inner)
    return _over_children(node, _signed, sign)
