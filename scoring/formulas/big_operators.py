"""The part of the grammar with large signs: fractions, roots, derivatives, sums, integrals and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring.formulas.lexer import Token
from scoring.formulas.tree import Node, ParseError

if TYPE_CHECKING:
    from scoring.formulas.parser import Parser


def bracketed(parser: Parser) -> list[Token] | None:
    """Return the tokens of the bracket that comes next, without taking them."""
    depth = 0
    found: list[Token] = []
    for token in parser.tokens[parser.at : parser.at + 80]:
        if token.kind == "open":
            depth += 1
        elif token.kind == "close":
            depth -= 1
        if depth == 0:
            return found[1:]
        found.append(token)
    return None


def read_big(parser: Parser, name: str) -> Node:
    """Read what belongs to a large sign that was just taken; raises `ParseError` for one that is not known."""
    if name == "frac":
        return _fraction(parser)
    if name in ("sqrt", "root", "root3"):
        return _root(parser, name)
    if name == "binom":
        top = parser.script()
        return ("binom", top, parser.script())
    if name in ("sum", "prod"):
        return _sum(parser, name)
    if name in ("int", "oint", "iint", "iiint"):
        return _integral(parser, name)
    if name == "infty":
        return ("c", "inf")
    if name == "dots":
        return ("v", "…")
    if name == "lim":
        return _limit(parser)
    raise ParseError(f"unknown sign {name}")


def _fraction(parser: Parser) -> Node:
    if (slope := _leibniz(parser)) is not None:
        return slope
    top = _digit_or_group(parser)
    return ("div", top, _digit_or_group(parser))


def _digit_or_group(parser: Parser) -> Node:
    r"""Read an argument of ``\frac``; without braces it is one digit or one sign."""
    token = parser.peek()
    if token is not None and token.kind == "num" and len(token.text) > 1 and token.text.isdigit():
        rest = Token("num", token.text[1:], token.start + 1, token.end)
        parser.tokens = [*parser.tokens[: parser.at], rest, *parser.tokens[parser.at + 1 :]]
        return ("n", float(token.text[0]))
    if token is not None and token.kind in ("big", "func", "accent"):
        return parser.atom()
    return parser.script()


def _leibniz(parser: Parser) -> Node | None:
    r"""Read ``\frac{dy}{dx}``, ``\frac{d^2y}{dx^2}``, ``\frac{\partial u}{\partial x}`` and ``\frac{d}{dx}``."""
    top = bracketed(parser)
    if top is None or not top or top[0].text not in ("d", "∂"):
        return None
    saved = parser.at
    parser.at += len(top) + 2
    bottom = bracketed(parser)
    if (
        bottom is None
        or len(bottom) < 2
        or bottom[0].text not in ("d", "∂")
        or bottom[1].kind != "name"
    ):
        parser.at = saved
        return None
    parser.at += len(bottom) + 2
    rest, order = top[1:], 1
    if len(rest) >= 2 and rest[0].text == "^":
        size = 4 if rest[1].text == "{" else 2
        digits = "".join(token.text for token in rest[1:size] if token.kind == "num")
        order, rest = int(digits or 1), rest[size:]
    wrt = "".join(
        token.text for token in bottom[1:] if token.kind == "name" and token.text not in "d∂"
    )
    if order > 9:
        raise ParseError("derivative too high")
    if len(rest) == 1 and rest[0].kind == "name":
        name = rest[0].text
        return ("v", name + "'" * order) if top[0].text == "d" else ("v", f"∂{order}{name}/∂{wrt}")
    body = parser.inner(rest) if rest else parser.power()
    if body[0] == "call" and top[0].text == "d":
        return ("call", body[1], body[2] + order, body[3])
    return ("call", f"D{top[0].text}{wrt}", order, body)


def _root(parser: Parser, name: str) -> Node:
    degree: Node | None = ("n", 3.0) if name == "root3" else None
    token = parser.peek()
    if name == "sqrt" and token is not None and token.text == "[":
        parser.at += 1
        degree = parser.sum()
        parser.expect("]")
    body = _digit_or_group(parser) if name == "sqrt" else parser.atom()
    if degree is None:
        return ("fn", "sqrt", body)
    return ("pow", body, ("div", ("n", 1.0), degree))


def _bounds(parser: Parser) -> tuple[list[Token], Node | None]:
    """Read what stands below and above a large sign: the tokens below, the expression above."""
    below: list[Token] = []
    above: Node | None = None
    while parser.is_op("_", "^"):
        if parser.take().text == "^":
            above = parser.script()
        elif (
            (below_tokens := bracketed(parser)) is not None
            and (mark := parser.peek()) is not None
            and mark.text == "{"
        ):
            below = below_tokens
            parser.at += len(below_tokens) + 2
        else:
            below = [parser.take()]
            if below[0].text == "-":
                below.append(parser.take())
    if (token := parser.peek()) is not None and token.kind == "label":
        parser.at += 1
    return below, above


def _sum(parser: Parser, name: str) -> Node:
    below, above = _bounds(parser)
    body = parser.product()
    if len(below) >= 3 and below[0].kind == "name" and below[1].text == "=" and above is not None:
        low = parser.inner(below[2:])
        return (name, ("v", below[0].text), low, above, body)
    return ("call", name, 0, body)


def _integral(parser: Parser, name: str) -> Node:
    below, above = _bounds(parser)
    depth = 0
    for at in range(parser.at, len(parser.tokens)):
        token = parser.tokens[at]
        depth += (token.kind == "open") - (token.kind == "close")
        if depth < 0:
            break
        after = parser.tokens[at + 1] if at + 1 < len(parser.tokens) else None
        if (
            depth == 0
            and token.kind == "name"
            and token.text == "d"
            and after is not None
            and after.kind == "name"
        ):
            inner = parser.tokens[parser.at : at]
            body: Node = parser.inner(inner) if inner else ("n", 1.0)
            parser.at = at + 2
            wrt: Node = ("v", after.text)
            if name == "int" and above is not None and below:
                return ("int", wrt, parser.inner(below), above, body)
            return ("call", f"{name}{after.text}", 0, body)
    raise ParseError("integral without differential")


def _limit(parser: Parser) -> Node:
    below, _ = _bounds(parser)
    body = parser.product()
    return ("call", "lim" + "".join(token.text for token in below), 0, body)
