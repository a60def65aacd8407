"""The inner half of the grammar: numbers, names, functions, brackets, fractions, roots, sums and integrals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scoring.expression import Node, ParseError
from scoring.lexer import Token

if TYPE_CHECKING:
    from scoring.parser import Parser

#: Letters that are functions whenever a bracket follows.
_FUNCTION_LETTERS = frozenset("fgFGφψΦuvHLΓQΨ")
_CLOSERS = {"(": ")]", "[": "])", "{": "}", "⌊": "⌋", "⌈": "⌉", "⟨": "⟩"}
MAX_CELLS = 64


def read_atom(parser: Parser) -> Node:
    """Read one atom; raises `ParseError` where the next token begins none."""
    token = parser.take()
    if token.kind == "num":
        value = float(token.text)
        if math.isinf(value):
            raise ParseError("number too large")
        return ("n", value)
    if token.kind == "name":
        return _name(parser, token)
    if token.kind == "func":
        return _function(parser, token.text)
    if token.kind == "open":
        return _bracket(parser, token.text)
    if token.kind == "big":
        return _big(parser, token.text)
    if token.kind == "accent":
        return _accent(parser, token.text)
    if token.kind == "op" and token.text in "|‖":
        parser.bars += 1
        node = parser.listed()
        parser.bars -= 1
        parser.expect(token.text)
        return ("fn", "abs" if token.text == "|" else "norm", node)
    if token.kind == "op" and token.text == "-":
        return ("neg", parser.power())
    raise ParseError(f"unexpected {token.text}")


def _name(parser: Parser, token: Token) -> Node:
    name = token.text
    if name == "d" and (slope := _slope(parser)) is not None:
        return slope
    if name == "∂" and (slope := _slope(parser)) is not None:
        return slope
    primes = _primes(parser)
    index: Node | None = None
    following = parser.peek()
    if following is not None and following.kind == "label":
        parser.at += 1
        name = f"{name}_{following.text}"
    elif following is not None and following.kind == "op" and following.text == "_":
        parser.at += 1
        index = parser.script()
    primes += _primes(parser)
    if (call := _call(parser, name, primes, index)) is not None:
        return call
    if index is not None:
        node = indexed(name + "'" * primes, index)
        return _chosen(parser, name, index) or node
    if primes:
        return ("v", name + "'" * primes)
    return constant(name, parser.scalars)


def indexed(name: str, index: Node) -> Node:
    """Return an indexed name; a plain number as index stays readable in the name."""
    return ("idx", name, index)


def constant(name: str, scalars: frozenset[str]) -> Node:
    """Return a name, or the constant that it stands for where no variable has that name."""
    if name == "π":
        return ("c", "pi")
    if name in ("e", "i") and name not in scalars:
        return ("c", name)
    return ("v", name)


def _chosen(parser: Parser, name: str, index: Node) -> Node | None:
    """Read ``C_n^k`` and ``A_n^k`` as counts where both places hold whole numbers or letters."""
    if name not in ("C", "A", "P") or not parser.is_op("^") or name in parser.scalars:
        return None
    at = parser.at
    parser.at += 1
    above = parser.script()
    numbers = index[0] == "n" and above[0] == "n"
    if numbers and index[1] >= above[1] or (name == "C" and index[0] != "n" and above[0] in ("v", "n", "add", "sub")):
        return ("binom" if name == "C" else "perm", index, above)
    parser.at = at
    return None


def _primes(parser: Parser) -> int:
    count = 0
    while (token := parser.peek()) is not None:
        if token.kind == "prime":
            parser.at += 1
            count += len(token.text)
        elif token.kind == "op" and token.text == "^" and (size := _raised_primes(parser)):
            count += size
        else:
            break
    return count


def _raised_primes(parser: Parser) -> int:
    r"""Take ``^\prime`` or ``^{\prime\prime}`` and return how many there were."""
    ahead, braced = 1, False
    if (token := parser.peek(1)) is not None and token.kind == "open" and token.text == "{":
        ahead, braced = 2, True
    count = 0
    while (token := parser.peek(ahead)) is not None and token.kind == "prime":
        count += len(token.text)
        ahead += 1
    if not count or (braced and (token is None or token.text != "}")):
        return 0
    parser.at += ahead + braced
    return count


def _slope(parser: Parser) -> Node | None:
    """Read ``dy/dx`` as the derivative of y."""
    tokens = [parser.peek(i) for i in range(4)]
    if any(token is None for token in tokens):
        return None
    top, bar, d, bottom = (token for token in tokens if token is not None)
    if top.kind == "name" and bar.text == "/" and d.text in "d∂" and bottom.kind == "name" and not top.spaced:
        parser.at += 4
        return ("v", top.text + "'") if d.text == "d" else ("v", f"∂{top.text}/∂{bottom.text}")
    return None


def _call(parser: Parser, name: str, primes: int, index: Node | None) -> Node | None:
    """Read a function application, or return None where the bracket is a factor."""
    token = parser.peek()
    if token is None or token.kind != "open" or token.text != "(":
        return None
    inside = _inside(parser)
    if inside is None:
        return None
    relation = any(item.kind == "rel" or (item.kind == "op" and item.text == "|") for item in inside)
    if relation and name in ("P", "E", "Pr", "D"):
        parser.at += len(inside) + 2
        return ("v", name + "(" + "".join(item.text for item in inside) + ")")
    declared = name in parser.scalars
    simple = all(item.kind in ("num", "name", "comma") or item.text in "-" for item in inside)
    short = (
        simple and sum(item.kind != "comma" for item in inside) <= 1 + any(item.kind == "comma" for item in inside) * 3
    )
    if not (primes or (not declared and (name in _FUNCTION_LETTERS or short or index is not None and short))):
        return None
    if declared and not primes:
        return None
    parser.at += 1
    arguments = parser.listed()
    parser.expect(")")
    if index is not None:
        arguments = ("tuple", index, arguments)
    return ("call", name, primes, arguments)


def _inside(parser: Parser) -> list[Token] | None:
    """Return the tokens of the bracket that comes next, without taking them."""
    depth, found = 0, []
    for token in parser.tokens[parser.at : parser.at + 80]:
        if token.kind == "open":
            depth += 1
        elif token.kind == "close":
            depth -= 1
        if depth == 0:
            return found[1:]
        found.append(token)
    return None


def _function(parser: Parser, name: str) -> Node:
    power: Node | None = None
    base: Node | None = None
    while parser.is_op("^", "_"):
        if parser.take().text == "^":
            power = parser.script()
        else:
            base = parser.script()
    name = {"tg": "tan", "ctg": "cot"}.get(name, name)
    if power == ("neg", ("n", 1.0)) and name in ("sin", "cos", "tan", "cot"):
        name, power = f"arc{name}", None
    node: Node = ("fn", name, _argument(parser)) if base is None else ("fn", name, _argument(parser), base)
    if name == "exp":
        node = ("pow", ("c", "e"), node[2])
    return node if power is None else ("pow", node, power)


def _argument(parser: Parser) -> Node:
    """Read what a function applies to: a bracket, or the factors up to the next sign, function or bracket."""
    token = parser.peek()
    if token is None:
        raise ParseError("function of nothing")
    if token.kind == "open" or token.kind == "func":
        node = parser.atom()
        while parser.is_op("!", "°"):
            node = parser.behind(node) if not parser.is_op("^") else node
        return node
    if parser.is_op("-"):
        parser.at += 1
        return ("neg", _argument(parser))
    node = parser.power()
    while (token := parser.peek()) is not None and parser.starts_factor() and token.kind not in ("func", "open"):
        node = ("mul", node, parser.power())
    return node


def _bracket(parser: Parser, mark: str) -> Node:
    if mark.startswith("begin:"):
        return _matrix(parser, mark[6:])
    if mark == "\\{":
        node = parser.listed()
        parser.expect("\\}")
        return ("set", *(node[1:] if node[0] == "tuple" else (node,)))
    bars, parser.bars = parser.bars, 0
    node = parser.listed()
    parser.bars = bars
    closer = parser.take()
    if closer.kind != "close" or closer.text not in _CLOSERS.get(mark, ""):
        raise ParseError("bracket not closed")
    if mark in "⌊⌈":
        return ("fn", "floor" if mark == "⌊" else "ceil", node)
    if node[0] != "tuple":
        if mark == "[" and node[0] == "interval":
            return ("mat", (node[1], node[2]))
        return node
    if mark == "{":
        return ("set", *node[1:])
    if mark == "[" and all(item[0] in ("interval", "list") for item in node[1:]):
        return ("mat", *((item[1:3] if item[0] == "interval" else item[1:]) for item in node[1:]))
    if len(node) == 3 and (mark == "[" or closer.text == "]"):
        return ("interval", node[1], node[2], mark == "[", closer.text == "]")
    return ("list", *node[1:]) if mark == "[" else node


def _matrix(parser: Parser, kind: str) -> Node:
    """Read the cells of a matrix environment; columns of one are column vectors."""
    from scoring.parser import Parser as Inner  # noqa: PLC0415  # a cell is an expression of the whole grammar

    rows: list[list[list[Token]]] = [[[]]]
    depth = cells = 0
    while True:
        token = parser.take()
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
    made = []
    for row in rows:
        inner = [Inner(cell, parser.scalars) for cell in row]
        for cell in inner:
            cell.depth = parser.depth
        made.append(tuple(cell.parse() for cell in inner))
    node: Node = ("mat", *made)
    return ("fn", "det", node) if kind == "vmatrix" else node


def _big(parser: Parser, name: str) -> Node:
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
    top = _inside(parser)
    if top is None or not top or top[0].text not in ("d", "∂"):
        return None
    saved = parser.at
    parser.at += len(top) + 2
    bottom = _inside(parser)
    if bottom is None or len(bottom) < 2 or bottom[0].text not in ("d", "∂") or bottom[1].kind != "name":
        parser.at = saved
        return None
    parser.at += len(bottom) + 2
    rest, order = top[1:], 1
    if len(rest) >= 2 and rest[0].text == "^":
        size = 4 if rest[1].text == "{" else 2
        digits = "".join(token.text for token in rest[1:size] if token.kind == "num")
        order, rest = int(digits or 1), rest[size:]
    wrt = "".join(token.text for token in bottom[1:] if token.kind == "name" and token.text not in "d∂")
    if order > 9:
        raise ParseError("derivative too high")
    if len(rest) == 1 and rest[0].kind == "name":
        name = rest[0].text
        return ("v", name + "'" * order) if top[0].text == "d" else ("v", f"∂{order}{name}/∂{wrt}")
    from scoring.parser import Parser as Inner  # noqa: PLC0415  # the numerator is an expression of the whole grammar

    body = Inner(rest, parser.scalars).parse() if rest else parser.power()
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
    if name == "sqrt":
        body = _digit_or_group(parser)
    else:
        body = parser.atom()
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
        elif (inside := _inside(parser)) is not None and (mark := parser.peek()) is not None and mark.text == "{":
            below = inside
            parser.at += len(inside) + 2
        else:
            below = [parser.take()]
            if below[0].text == "-":
                below.append(parser.take())
    if (token := parser.peek()) is not None and token.kind == "label":
        parser.at += 1
    return below, above


def _sum(parser: Parser, name: str) -> Node:
    from scoring.parser import Parser as Inner  # noqa: PLC0415  # bounds are expressions of the whole grammar

    below, above = _bounds(parser)
    body = parser.product()
    if len(below) >= 3 and below[0].kind == "name" and below[1].text == "=" and above is not None:
        low = Inner(below[2:], parser.scalars).parse()
        return (name, ("v", below[0].text), low, above, body)
    return ("call", name, 0, body)


def _integral(parser: Parser, name: str) -> Node:
    from scoring.parser import Parser as Inner  # noqa: PLC0415  # bounds are expressions of the whole grammar

    below, above = _bounds(parser)
    depth = 0
    for at in range(parser.at, len(parser.tokens)):
        token = parser.tokens[at]
        depth += (token.kind == "open") - (token.kind == "close")
        if depth < 0:
            break
        after = parser.tokens[at + 1] if at + 1 < len(parser.tokens) else None
        if depth == 0 and token.kind == "name" and token.text == "d" and after is not None and after.kind == "name":
            inner = parser.tokens[parser.at : at]
            body: Node = Inner(inner, parser.scalars).parse() if inner else ("n", 1.0)
            parser.at = at + 2
            wrt: Node = ("v", after.text)
            if name == "int" and above is not None and below:
                return ("int", wrt, Inner(below, parser.scalars).parse(), above, body)
            return ("call", f"{name}{after.text}", 0, body)
    raise ParseError("integral without differential")


def _limit(parser: Parser) -> Node:
    below, _ = _bounds(parser)
    body = parser.product()
    return ("call", "lim" + "".join(token.text for token in below), 0, body)


def _accent(parser: Parser, name: str) -> Node:
    inner = parser.script()
    text = inner[1] if inner[0] == "v" else repr(inner)
    if name in ("vec", "overrightarrow"):
        return ("v", f"vec:{text}")
    if name in ("dot", "ddot"):
        return ("v", text + ("'" if name == "dot" else "''"))
    return ("v", f"{name}:{text}")
