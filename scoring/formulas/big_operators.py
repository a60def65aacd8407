"""The part of the grammar with large signs: fractions, roots, sums, integrals and limits."""

from __future__ import annotations

from collections.abc import Mapping

from scoring.formulas.cursor import Cursor
from scoring.formulas.token import Token
from scoring.formulas.tree import (
    BigOperator,
    Binary,
    Call,
    Constant,
    Function,
    Node,
    Number,
    ParseError,
    Sign,
    Variable,
)

_SIGNS: Mapping[str, Sign] = {"sum": "sum", "prod": "prod"}


def read_big(cursor: Cursor, name: str) -> Node:
    """Read what belongs to a large sign just taken; raise `ParseError` for an unknown one."""
    if name == "frac":
        return _fraction(cursor)
    if name in ("sqrt", "root", "root3"):
        return _root(cursor, name)
    if name == "binom":
        top = cursor.script()
        return Binary("binom", top, cursor.script())
    if sign := _SIGNS.get(name):
        return _sum(cursor, sign)
    if name in ("int", "oint", "iint", "iiint"):
        return _integral(cursor, name)
    if name == "infty":
        return Constant("inf")
    if name == "dots":
        return Variable("…")
    if name == "lim":
        return _limit(cursor)
    raise ParseError(f"unknown sign {name}")


def _fraction(cursor: Cursor) -> Node:
    if (slope := _leibniz(cursor)) is not None:
        return slope
    top = _digit_or_group(cursor)
    return Binary("div", top, _digit_or_group(cursor))


def _digit_or_group(cursor: Cursor) -> Node:
    r"""Read an argument of ``\frac``; without braces it is one digit or one sign."""
    token = cursor.peek()
    if token is not None and token.kind == "num" and len(token.text) > 1 and token.text.isdigit():
        rest = Token("num", token.text[1:], token.start + 1, token.end)
        cursor.tokens = [*cursor.tokens[: cursor.at], rest, *cursor.tokens[cursor.at + 1 :]]
        return Number(float(token.text[0]))
    if token is not None and token.kind in ("big", "func", "accent"):
        return cursor.atom()
    return cursor.script()


def _leibniz(cursor: Cursor) -> Node | None:
    r"""Read a derivative: ``\frac{dy}{dx}``, ``\frac{d^2y}{dx^2}``, ``\frac{d}{dx}``."""
    top = cursor.bracketed()
    if top is None or not top or top[0].text not in ("d", "∂"):
        return None
    saved = cursor.at
    cursor.at += len(top) + 2
    bottom = cursor.bracketed()
    if (
        bottom is None
        or len(bottom) < 2
        or bottom[0].text not in ("d", "∂")
        or bottom[1].kind != "name"
    ):
        cursor.at = saved
        return None
    cursor.at += len(bottom) + 2
    rest, order = top[1:], 1
    if len(rest) >= 2 and rest[0].text == "^":
        size = 4 if rest[1].text == "{" else 2
        digits = "".join(token.text for token in rest[1:size] if token.kind == "num")
        order, rest = int(digits or 1), rest[size:]
    wrt = "".join(t.text for t in bottom[1:] if t.kind == "name" and t.text not in "d∂")
    if order > 9:
        raise ParseError("derivative too high")
    if len(rest) == 1 and rest[0].kind == "name":
        name = rest[0].text
        return Variable(name + "'" * order if top[0].text == "d" else f"∂{order}{name}/∂{wrt}")
    body = cursor.inner(rest) if rest else cursor.power()
    if isinstance(body, Call) and top[0].text == "d":
        return Call(body.name, body.primes + order, body.argument)
    return Call(f"D{top[0].text}{wrt}", order, body)


def _root(cursor: Cursor, name: str) -> Node:
    degree: Node | None = Number(3.0) if name == "root3" else None
    token = cursor.peek()
    if name == "sqrt" and token is not None and token.text == "[":
        cursor.at += 1
        degree = cursor.sum()
        cursor.expect("]")
    body = _digit_or_group(cursor) if name == "sqrt" else cursor.atom()
    if degree is None:
        return Function("sqrt", body)
    return Binary("pow", body, Binary("div", Number(1.0), degree))


def _bounds(cursor: Cursor) -> tuple[list[Token], Node | None]:
    """Read what stands below and above a large sign: the tokens below, the expression above."""
    below: list[Token] = []
    above: Node | None = None
    while cursor.is_op("_", "^"):
        if cursor.take().text == "^":
            above = cursor.script()
        elif (
            (below_tokens := cursor.bracketed()) is not None
            and (mark := cursor.peek()) is not None
            and mark.text == "{"
        ):
            below = below_tokens
            cursor.at += len(below_tokens) + 2
        else:
            below = [cursor.take()]
            if below[0].text == "-":
                below.append(cursor.take())
    if (token := cursor.peek()) is not None and token.kind == "label":
        cursor.at += 1
    return below, above


def _sum(cursor: Cursor, sign: Sign) -> Node:
    below, above = _bounds(cursor)
    body = cursor.product()
    if len(below) >= 3 and below[0].kind == "name" and below[1].text == "=" and above is not None:
        low = cursor.inner(below[2:])
        return BigOperator(sign, Variable(below[0].text), low, above, body)
    return Call(sign, 0, body)


def _integral(cursor: Cursor, name: str) -> Node:
    below, above = _bounds(cursor)
    depth = 0
    for at in range(cursor.at, len(cursor.tokens)):
        token = cursor.tokens[at]
        depth += (token.kind == "open") - (token.kind == "close")
        if depth < 0:
            break
        after = cursor.tokens[at + 1] if at + 1 < len(cursor.tokens) else None
        if (
            depth == 0
            and token.kind == "name"
            and token.text == "d"
            and after is not None
            and after.kind == "name"
        ):
            inner = cursor.tokens[cursor.at : at]
            body: Node = cursor.inner(inner) if inner else Number(1.0)
            cursor.at = at + 2
            if name == "int" and above is not None and below:
                low = cursor.inner(below)
                return BigOperator("int", Variable(after.text), low, above, body)
            return Call(f"{name}{after.text}", 0, body)
    raise ParseError("integral without differential")


def _limit(cursor: Cursor) -> Node:
    below, _ = _bounds(cursor)
    body = cursor.product()
    return Call("lim" + "".join(token.text for token in below), 0, body)
