"""The bounded parser: tokens to an expression, never more than the caps, never an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from operator import itemgetter

from scoring.formulas.atoms import constant, read_atom
from scoring.formulas.cursor import MAX_DEPTH, Cursor
from scoring.formulas.token import Token
from scoring.formulas.tree import (
    Binary,
    Collection,
    Degrees,
    Factorial,
    Negation,
    Node,
    Number,
    Operator,
    ParseError,
    PlusMinus,
    Transpose,
    Variable,
    interned,
)

_SUM: Mapping[str, Operator] = {
    "+": "add", "-": "sub", "±": "add", "∓": "sub", "∪": "union", "∩": "meet",
}  # fmt: skip
#: What reading depends on: kind, text and space before, not where a token stands.
_SIGN = itemgetter(0, 1, 4)
_PRODUCT: Mapping[str, Operator] = {"*": "mul", "/": "div", "×": "cross"}


class Parser(Cursor):
    """Reads one side of a relation, from its loosest level down to the atoms."""

    def parse(self) -> Node:
        """Return the expression that all tokens together make."""
        node = self.listed()
        if self.at != len(self.tokens):
            raise ParseError("left over")
        return node

    def inner(self, tokens: list[Token]) -> Node:
        """Return the expression that other tokens make, as deep as this one already is."""
        parser = Parser(tokens, self.scalars, tight=self.tight)
        parser.depth, parser.operators = self.depth, self.operators
        return parser.parse()

    def listed(self) -> Node:
        """Read items separated by commas as a tuple."""
        items = [self.sum()]
        while (token := self.peek()) is not None and token.kind == "comma":
            self.at += 1
            items.append(self.sum())
        return items[0] if len(items) == 1 else Collection("tuple", tuple(items))

    def sum(self) -> Node:
        """Read terms joined by plus and minus."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ParseError("too deep")
        node = self.signed()
        while self.is_op("+", "-", "±", "∓", "∪", "∩"):
            sign = self.operator()
            right = self.signed()
            node = Binary(_SUM[sign], node, PlusMinus(right) if sign in "±∓" else right)
        self.depth -= 1
        return node

    def signed(self) -> Node:
        """Read one term with its own sign."""
        if not self.is_op("-", "+", "±", "∓"):
            return self.product()
        sign = self.operator()
        node = self.signed()
        return Negation(node) if sign == "-" else node if sign == "+" else PlusMinus(node)

    def product(self) -> Node:
        """Read factors joined by signs or by standing side by side."""
        node = self.power()
        while True:
            if self.is_op("*", "/", "×"):
                operator = _PRODUCT[self.operator()]
                right = Negation(self.power()) if self.is_op("-") and self.take() else self.power()
                if operator == "div":
                    right = self.beside(right)
                node = Binary(operator, node, right)
            elif self.starts_factor():
                self.count()
                node = Binary("mul", node, self.power())
            else:
                return node

    def beside(self, below: Node) -> Node:
        """Take the letters straight behind a number below a slash, where slashes are so read."""
        while (
            (isinstance(below, Number) or self.tight)
            and (token := self.peek()) is not None
            and token.kind == "name"
            and not token.spaced
            and self.tokens[self.at - 1].kind in ("num", "name")
        ):
            self.ambiguous = True
            if not self.tight:
                break
            below = Binary("mul", below, self.power())
        return below

    def starts_factor(self) -> bool:
        """Return whether the next token can begin a factor without a sign before it."""
        token = self.peek()
        if token is None:
            return False
        if token.kind in ("name", "func", "accent", "num"):
            return not (token.kind == "num" and self.at and self.tokens[self.at - 1].kind == "num")
        if token.kind == "big":
            return token.text != "dots"
        if token.kind == "op" and token.text in "|‖":
            return not self.bars
        return token.kind == "open"

    def power(self) -> Node:
        """Read an atom with what stands above and behind it."""
        return self.behind(self.atom())

    def behind(self, node: Node) -> Node:
        """Read powers, factorials, degrees and percent signs behind an atom."""
        while (token := self.peek()) is not None and (token.kind == "op" and token.text in "^!%°‰"):
            self.operator()
            if token.text == "!":
                node = Factorial(node)
            elif token.text in "%‰":
                node = Binary("div", node, Number(100.0 if token.text == "%" else 1000.0))
            elif token.text == "°":
                node = Degrees(node)
            else:
                node = self.raised(node)
        return node

    def raised(self, node: Node) -> Node:
        """Read what stands after ``^`` and raise the node to it."""
        if self.is_op("*", "+") and (
            (after := self.peek(1)) is None or after.kind not in ("num", "name", "open")
        ):
            mark = self.take().text
            if not isinstance(node, Variable):
                raise ParseError("a star above no name")
            return Variable(node.name + mark)
        above = self.script()
        match node, above:
            case Variable(name), Variable("*"):
                return Variable(name + "*")
            case _, Variable("°" | "deg"):
                return Degrees(node)
            case _, Variable("T" | "⊤") if "T" not in self.scalars:
                return Transpose(node)
        return Binary("pow", node, above)

    def script(self) -> Node:
        """Read the argument of ``^`` or ``_``: a group, a sign with an atom, or one atom."""
        token = self.peek()
        if token is None:
            raise ParseError("nothing above")
        if token.kind == "op" and token.text == "°":
            self.at += 1
            return Variable("°")
        if token.kind == "open" and token.text == "{":
            self.at += 1
            if self.is_op("°", "*") and (after := self.peek(1)) is not None and after.text == "}":
                mark = self.take().text
                self.at += 1
                return Variable(mark)
            if (inner := self.peek()) is not None and inner.kind == "prime":
                raise ParseError("primes are read with the name")
            node = self.listed()
            self.expect("}")
            return node
        if token.kind == "op" and token.text in "+-":
            self.at += 1
            signed = self.script()
            return Negation(signed) if token.text == "-" else signed
        if token.kind in {"num", "name"}:
            self.at += 1
            return (
                Number(float(token.text))
                if token.kind == "num"
                else constant(token.text, self.scalars)
            )
        return self.atom()

    def atom(self) -> Node:
        """Read a number, name, function, bracket or large sign."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ParseError("too deep")
        node = read_atom(self)
        self.depth -= 1
        return node


def parse(tokens: list[Token], scalars: frozenset[str] = frozenset()) -> Node | None:
    """Return the expression of these tokens, or None where they are none or exceed the bounds."""
    found = parse_all(tokens, scalars)
    return found[0] if found else None


def parse_all(tokens: list[Token], scalars: frozenset[str] = frozenset()) -> tuple[Node, ...]:
    """Return the expression of these tokens: none, one, or both where ``1/2n`` can be two."""
    return _read(tuple(map(_SIGN, tokens)), scalars)


@lru_cache(maxsize=8192)
def _read(signs: tuple[tuple[str, str, bool], ...], scalars: frozenset[str]) -> tuple[Node, ...]:
    """Return the expression of these signs, wherever they stand: answers repeat themselves."""
    if not signs:
        return ()
    tokens = [Token(kind, text, 0, 0, spaced) for kind, text, spaced in signs]
    try:
        parser = Parser(tokens, scalars)
        node = parser.parse()
        if not parser.ambiguous:
            return (interned(node),)
        return interned(node), interned(Parser(tokens, scalars, tight=True).parse())
    except (ParseError, RecursionError, OverflowError, ValueError):
        return ()
