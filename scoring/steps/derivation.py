"""Which formulas of an answer derive something, and which only state a name and its value."""

from __future__ import annotations

from scoring.formulas.chains import Chain
from scoring.formulas.tree import (
    Binary,
    Call,
    Constant,
    Index,
    Negation,
    Node,
    Number,
    PlusMinus,
    Variable,
)


def derives(chain: Chain) -> bool:
    """Return whether a chain relates more than a name and its value, or calculates."""
    nodes = [node for side in chain.sides for node in side.nodes]
    plain = all(is_plain(node) for node in nodes)
    return not plain or len(chain.sides) > 2 or any(not side.nodes for side in chain.sides)


def is_plain(node: Node) -> bool:
    """Return whether an expression is a name or a number, with its sign or as a fraction."""
    match node:
        case Number() | Constant() | Variable() | Index() | Call():
            return True
        case Negation() | PlusMinus():
            return is_plain(node.operand)
        case Binary("div", Number(), Number()):
            return True
        case _:
            return False
