"""The inner half of the grammar: numbers, names, functions, brackets and matrices."""

from __future__ import annotations

import math

from scoring.formulas.big_operators import read_big
from scoring.formulas.cursor import Cursor
from scoring.formulas.token import Token
from scoring.formulas.tree import (
    Binary,
    Call,
    Collection,
    Constant,
    Function,
    Index,
    Interval,
    Matrix,
    Negation,
    Node,
    Number,
    ParseError,
    Variable,
    is_tuple,
    items_of,
)

#: Letters that are functions whenever a bracket follows.
_FUNCTION_LETTERS = frozenset("fgFGφψΦuvHLΓQΨ")
_CLOSERS = {"(": ")]", "[": "])", "{": "}", "⌊": "⌋", "⌈": "⌉", "⟨": "⟩"}
MAX_CELLS = 64


def read_atom(cursor: Cursor) -> Node:
    """Read one atom; raises `ParseError` where the next token begins none."""
    token = cursor.take()
    if token.kind == "num":
        value = float(token.text)
        if math.isinf(value):
            raise ParseError("number too large")
        return Number(value)
    if token.kind == "name":
        return _name(cursor, token)
    if token.kind == "func":
        return _function(cursor, token.text)
    if token.kind == "open":
        return _bracket(cursor, token.text)
    if token.kind == "big":
        return read_big(cursor, token.text)
    if token.kind == "accent":
        return _accent(cursor, token.text)
    if token.kind == "op" and token.text in "|‖":
        cursor.bars += 1
        node = cursor.listed()
        cursor.bars -= 1
        cursor.expect(token.text)
        return Function("abs" if token.text == "|" else "norm", node)
    if token.kind == "op" and token.text == "-":
        return Negation(cursor.power())
    raise ParseError(f"unexpected {token.text}")


def _name(cursor: Cursor, token: Token) -> Node:
    name = token.text
    if name == "d" and (slope := _slope(cursor)) is not None:
        return slope
    if name == "∂" and (slope := _slope(cursor)) is not None:
        return slope
    primes = _primes(cursor)
    index: Node | None = None
    following = cursor.peek()
    if following is not None and following.kind == "label":
        cursor.at += 1
        name = f"{name}_{following.text}"
    elif following is not None and following.kind == "op" and following.text == "_":
        cursor.at += 1
        index = cursor.script()
    primes += _primes(cursor)
    if len(name) == 2 and name[0] in "ED" and name[1] in "XYZ" and name not in cursor.scalars:
        return Call(name[0], 0, Variable(name[1]))
    if (call := _call(cursor, name, primes, index)) is not None:
        return call
    if index is not None:
        return _chosen(cursor, name, index) or Index(name + "'" * primes, index)
    if primes:
        return Variable(name + "'" * primes)
    return constant(name, cursor.scalars)


def constant(name: str, scalars: frozenset[str]) -> Node:
    """Return a name, or the constant that it stands for where no variable has that name."""
    if name == "π":
        return Constant("pi")
    if name in ("e", "i") and name not in scalars:
        return Constant(name)
    return Variable(name)


def _chosen(cursor: Cursor, name: str, index: Node) -> Node | None:
    """Read ``C_n^k`` and ``A_n^k`` as counts where both places hold whole numbers or letters."""
    if name not in ("C", "A", "P") or not cursor.is_op("^") or name in cursor.scalars:
        return None
    at = cursor.at
    cursor.at += 1
    above = cursor.script()
    match index, above:
        case Number(below), Number(value):
            counts = below >= value
        case Number(), _:
            counts = False
        case _, Variable() | Number() | Binary("add" | "sub"):
            counts = name == "C"
        case _:
            counts = False
    if counts:
        return Binary("binom" if name == "C" else "perm", index, above)
    cursor.at = at
    return None


def _primes(cursor: Cursor) -> int:
    count = 0
    while (token := cursor.peek()) is not None:
        if token.kind == "prime":
            cursor.at += 1
            count += len(token.text)
        elif token.kind == "op" and token.text == "^" and (size := _raised_primes(cursor)):
            count += size
        else:
            break
    return count


def _raised_primes(cursor: Cursor) -> int:
    r"""Take ``^\prime`` or ``^{\prime\prime}`` and return how many there were."""
    ahead, braced = 1, False
    if (token := cursor.peek(1)) is not None and token.kind == "open" and token.text == "{":
        ahead, braced = 2, True
    count = 0
    while (token := cursor.peek(ahead)) is not None and token.kind == "prime":
        count += len(token.text)
        ahead += 1
    if not count or (braced and (token is None or token.text != "}")):
        return 0
    cursor.at += ahead + braced
    return count


def _slope(cursor: Cursor) -> Node | None:
    """Read ``dy/dx`` as the derivative of y."""
    tokens = [cursor.peek(i) for i in range(4)]
    if any(token is None for token in tokens):
        return None
    top, bar, d, bottom = (token for token in tokens if token is not None)
    if (
        top.kind == "name"
        and bar.text == "/"
        and d.text in "d∂"
        and bottom.kind == "name"
        and not top.spaced
    ):
        cursor.at += 4
        return Variable(top.text + "'" if d.text == "d" else f"∂{top.text}/∂{bottom.text}")
    return None


def _call(cursor: Cursor, name: str, primes: int, index: Node | None) -> Node | None:
    """Read a function application, or return None where the bracket is a factor."""
    token = cursor.peek()
    opened = token is not None and token.text in ("[", "{", "\\{")
    chance = opened and name in ("P", "E", "Pr", "Var", "Cov")
    if token is None or token.kind != "open" or not (token.text == "(" or chance):
        return None
    inside = cursor.bracketed()
    if inside is None:
        return None
    relation = any(t.kind == "rel" or (t.kind == "op" and t.text == "|") for t in inside)
    if relation and name in ("P", "E", "Pr", "D"):
        cursor.at += len(inside) + 2
        return Variable(name + "(" + "".join(item.text for item in inside) + ")")
    declared = name in cursor.scalars
    simple = all(item.kind in ("num", "name", "comma") or item.text == "-" for item in inside)
    commas = sum(item.kind == "comma" for item in inside)
    short = simple and len(inside) - commas <= (4 if commas else 1)
    sequence = f"{name}(" in cursor.scalars
    if not (
        sequence
        or primes
        or (not declared and (name in _FUNCTION_LETTERS or short or (index is not None and short)))
    ):
        return None
    if declared and not primes:
        return None
    cursor.at += 1
    arguments = cursor.listed()
    if cursor.take().kind != "close":
        raise ParseError("call not closed")
    if index is not None:
        arguments = Collection("tuple", (index, arguments))
    return Call(name, primes, arguments)


def _function(cursor: Cursor, name: str) -> Node:
    power: Node | None = None
    base: Node | None = None
    while cursor.is_op("^", "_"):
        if cursor.take().text == "^":
            power = cursor.script()
        else:
            base = cursor.script()
    name = {"tg": "tan", "ctg": "cot"}.get(name, name)
    if power == Negation(Number(1.0)) and name in ("sin", "cos", "tan", "cot"):
        name, power = f"arc{name}", None
    argument = _argument(cursor)
    node: Node = Function(name, argument, base)
    if name == "exp":
        node = Binary("pow", Constant("e"), argument)
    return node if power is None else Binary("pow", node, power)


def _argument(cursor: Cursor) -> Node:
    """Read a function's argument: a bracket, or factors up to a sign, function or bracket."""
    token = cursor.peek()
    if token is None:
        raise ParseError("function of nothing")
    if token.kind in {"open", "func"}:
        node = cursor.atom()
        while cursor.is_op("!", "°"):
            node = cursor.behind(node) if not cursor.is_op("^") else node
        return node
    if cursor.is_op("-"):
        cursor.at += 1
        return Negation(_argument(cursor))
    node = cursor.power()
    while (
        (token := cursor.peek()) is not None
        and cursor.starts_factor()
        and token.kind not in ("func", "open")
    ):
        node = Binary("mul", node, cursor.power())
    return node


def _bracket(cursor: Cursor, mark: str) -> Node:
    if mark.startswith("begin:"):
        return _matrix(cursor, mark[6:])
    if mark == "\\{":
        node = cursor.listed()
        cursor.expect("\\}")
        return Collection("set", items_of(node))
    bars, cursor.bars = cursor.bars, 0
    node = cursor.listed()
    cursor.bars = bars
    closer = cursor.take()
    if closer.kind != "close" or closer.text not in _CLOSERS.get(mark, ""):
        raise ParseError("bracket not closed")
    if mark in "⌊⌈":
        return Function("floor" if mark == "⌊" else "ceil", node)
    if not is_tuple(node):
        row = _row(node)
        return Matrix((row,)) if mark == "[" and isinstance(node, Interval) and row else node
    if mark == "{":
        return Collection("set", node.items)
    rows = [_row(item) for item in node.items]
    if mark == "[" and None not in rows:
        return Matrix(tuple(row for row in rows if row is not None))
    if len(node.items) == 2 and (mark == "[" or closer.text == "]"):
        return Interval(*node.items, mark == "[", closer.text == "]")
    return Collection("list", node.items) if mark == "[" else node


def _row(node: Node) -> tuple[Node, ...] | None:
    """Return the row that a bracket within a matrix is; alone it is an interval or a list."""
    match node:
        case Interval(low, high):
            return (low, high)
        case Collection("list", items):
            return items
    return None


def _matrix(cursor: Cursor, kind: str) -> Node:
    """Read the cells of a matrix environment; columns of one are column vectors."""
    rows: list[list[list[Token]]] = [[[]]]
    depth = cells = 0
    while True:
        token = cursor.take()
        if token.kind == "close" and token.text.startswith("end:") and depth == 0:
            break
        depth += (token.kind == "open") - (token.kind == "close")
        if depth == 0 and token.kind == "nl":
            if token.text == "\\\\":
                rows.append([[]])
        elif depth == 0 and token.kind == "op" and token.text == "&":
            rows[-1].append([])
            cells += 1
        else:
            rows[-1][-1].append(token)
        if cells + len(rows) > MAX_CELLS:
            raise ParseError("matrix too large")
    rows = [row for row in rows if any(row)]
    if not rows or len({len(row) for row in rows}) != 1:
        raise ParseError("ragged matrix")
    node = Matrix(tuple(tuple(cursor.inner(cell) for cell in row) for row in rows))
    return Function("det", node) if kind == "vmatrix" else node


def _accent(cursor: Cursor, name: str) -> Node:
    inner = cursor.script()
    text = inner.name if isinstance(inner, Variable) else repr(inner)
    if name in ("vec", "overrightarrow"):
        return Variable(f"vec:{text}")
    if name in ("dot", "ddot"):
        return Variable(text + ("'" if name == "dot" else "''"))
    return Variable(f"{name}:{text}")
