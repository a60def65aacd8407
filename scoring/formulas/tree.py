"""Expressions as nested tuples.

A node is ``(kind, ...)``: ``("n", value)``, ``("v", name)``, ``("add"|"sub"|"mul"|"div"|"pow", a, b)``, ``("neg", a)``,
``("fn", name, arg)``, ``("call", name, primes, args)``, ``("idx", name, index)`` and a few more. Nothing is evaluated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

Node = tuple[Any, ...]


class ParseError(ValueError):
    """The tokens are no expression, or one beyond the bounds."""


@lru_cache(maxsize=16384)
def names_of(node: Any) -> frozenset[str]:
    """Return the names of variables and indexed names in an expression."""
    found: set[str] = set()
    stack = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            if len(item) == 2 and item[0] == "v":
                found.add(item[1])
            elif item and item[0] in ("idx", "call"):
                found.add(item[1])
                stack.extend(item[2:])
            else:
                stack.extend(item)
    return frozenset(found)


def numbers_of(node: Any) -> list[float]:
    """Return the number literals of an expression."""
    found: list[float] = []
    stack = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            if len(item) == 2 and item[0] == "n":
                found.append(item[1])
            else:
                stack.extend(item)
    return found


def kinds_of(node: Node) -> frozenset[str]:
    """Return the kinds of all nodes of an expression."""
    found: set[str] = set()
    stack: list[Any] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple) and item:
            if isinstance(item[0], str):
                found.add(item[0])
            stack.extend(item)
    return frozenset(found)


#: Operations that a derivation carries out: a value that still holds one is not the value without it.
_OPERATIONS = frozenset(("sum", "prod", "int"))


@lru_cache(maxsize=8192)
def operations_of(node: Node) -> frozenset[str]:
    """Return which sums, products and integrals stand in an expression, as the names of their signs."""
    found: set[str] = set()
    stack: list[Any] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            if item and item[0] in _OPERATIONS:
                found.add(item[0])
            stack.extend(item)
    return frozenset(found)


def substitute(node: Node, table: Mapping[Node, Node]) -> Node:
    """Return the expression with every sub-expression that is a key of the table replaced."""
    if node in table:
        return table[node]
    return tuple(substitute(part, table) if isinstance(part, tuple) else part for part in node)


def rename(node: Any, table: Mapping[str, str]) -> Any:
    """Return the expression with names replaced; primes stay with the name, bound letters are replaced as well."""
    if not isinstance(node, tuple):
        return node
    if len(node) == 2 and node[0] == "v":
        base = node[1].rstrip("'")
        return ("v", table[base] + node[1][len(base) :]) if base in table else node
    if node and node[0] in ("idx", "call") and node[1] in table:
        return (node[0], table[node[1]], *(rename(part, table) for part in node[2:]))
    return tuple(rename(part, table) for part in node)


def index_calls(node: Any, names: frozenset[str]) -> Any:
    """Return the expression with ``a(n)`` as ``a_n`` for the names of sequences."""
    if not isinstance(node, tuple):
        return node
    parts = tuple(index_calls(part, names) if isinstance(part, tuple) else part for part in node)
    if (
        parts
        and parts[0] == "call"
        and parts[1] in names
        and parts[2] == 0
        and parts[3][0] != "tuple"
    ):
        return ("idx", parts[1], parts[3])
    return parts


@lru_cache(maxsize=16384)
def settle_calls(node: Any) -> Any:
    """Return the expression with ``f'(x)`` as ``f'`` and ``V(h)`` as ``V``: the letter in the bracket is no information.

    Calls at a number, of several things or of a capital, such as ``f(0)`` or ``E(X)``, stay.
    """
    if not isinstance(node, tuple):
        return node
    if node and node[0] == "call" and isinstance(node[3], tuple) and node[3][0] == "v":
        argument = node[3][1]
        if (
            len(argument) == 1
            and not argument.isupper()
            and node[1][:1] not in ("D", "P", "E", "∮")
            and len(node[1]) <= 2
        ):
            return ("v", node[1] + "'" * node[2])
    return tuple(settle_calls(part) if isinstance(part, tuple) else part for part in node)


def unfold_signs(node: Node) -> tuple[Node, ...]:
    """Return the one expression, or both where it holds a plus-minus sign (all of them read the same way)."""
    if not _holds_sign(node):
        return (node,)
    return _signed(node, 1), _signed(node, -1)


def _holds_sign(node: Any) -> bool:
    return isinstance(node, tuple) and (
        node[:1] == ("pm",) or any(_holds_sign(part) for part in node)
    )


def _signed(node: Any, sign: int) -> Any:
    if not isinstance(node, tuple):
        return node
    if node[:1] == ("pm",):
        inner = _signed(node[1], sign)
        return inner if sign > 0 else ("neg", inner)
    return tuple(_signed(part, sign) for part in node)
