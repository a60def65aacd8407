"""Find the formulas of an answer: chains of sides joined by relations.

``a = b = c`` is one chain with three sides; every pair of its sides and every side alone is a
candidate for evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from scoring.formulas.parser import parse, parse_all
from scoring.formulas.rewriting import unfold_signs
from scoring.formulas.token import Token
from scoring.formulas.tree import Collection, Constant, Interval, Node, is_tuple, numbers_of, walk
from scoring.formulas.unit_arithmetic import bare_arithmetic
from scoring.formulas.verbal_relations import said_comparisons, said_equalities
from scoring.formulas.vocabulary import BREAK_KINDS as BREAKS

MAX_SIDES = 14
MAX_CHAINS = 1000
#: Words between two values of one unknown: ``x = 0 or 2``.
_LISTING = re.compile(r"(?:或者?|和|与|及|以及|or|and)$")


@dataclass(frozen=True)
class Side:
    """One side of a chain.

    ``nodes`` holds one expression, none where it cannot be read, two where it can be read in two
    ways.

    ``double`` says that both are meant, because of a plus-minus sign.
    """

    tokens: tuple[Token, ...]
    nodes: tuple[Node, ...] = ()
    double: bool = False

    @property
    def start(self) -> int:
        """Offset of the first character."""
        return self.tokens[0].start

    @property
    def end(self) -> int:
        """Offset after the last character."""
        return self.tokens[-1].end

    @cached_property
    def canonical(self) -> str:
        """The tokens in one writing, spaces, braces and sizes aside."""
        return canonical(self.tokens)


@dataclass(frozen=True, slots=True)
class Chain:
    """Sides joined by relations, one fewer, and the unit of measurement that follows, if any."""

    sides: tuple[Side, ...]
    relations: tuple[str, ...]
    unit: str = ""
    unit_end: int = 0
    #: The unknown of the formula before, where this chain only lists one more value of it.
    listed_for: Side | None = None
    groups: tuple[Side, ...] = ()

    @property
    def start(self) -> int:
        """Offset of the first character."""
        return self.sides[0].start

    @property
    def end(self) -> int:
        """Offset after the last character."""
        return max(self.sides[-1].end, self.unit_end)


def canonical(tokens: Iterable[Token]) -> str:
    """Write tokens in one way, so that equal writings are equal strings."""
    return "".join(
        [t.text for t in tokens if t.text not in "{}" and not (t.text == "*" and t.kind == "op")]
    )


def numbers_in_chain(chain: Chain) -> frozenset[float]:
    """Return the number literals of all sides."""
    nodes = [node for side in chain.sides for node in side.nodes]
    return frozenset(number for node in nodes for number in numbers_of(node))


def find_chains(tokens: list[Token], scalars: frozenset[str]) -> list[Chain]:
    """Return the chains of a text in order; at most `MAX_CHAINS`."""
    chains: list[Chain] = []
    listing = False
    for run, after in _runs(said_equalities(said_comparisons(bare_arithmetic(tokens, scalars)))):
        if len(chains) >= MAX_CHAINS:
            break
        if not run:
            listing = bool(
                after is not None and after.kind == "word" and _LISTING.match(after.text.strip())
            )
            continue
        for i, item in enumerate(_items(run)):
            chain = _chain(item, scalars)
            if chain is None:
                continue
            previous = chains[-1] if chains else None
            if len(chain.sides) == 1 and previous is not None and (i > 0 or listing):
                chain = replace(chain, listed_for=previous.listed_for or _unknown_of(previous))
            chains.append(chain)
        if after is not None and chains and after.kind == "unit":
            chains[-1] = replace(chains[-1], unit=after.text, unit_end=after.end)
        elif after is not None and chains and after.kind == "word":
            unit = after.text[:8] if not after.text.isascii() else ""
            chains[-1] = replace(chains[-1], unit=unit)
        listing = bool(
            after is not None and after.kind == "word" and _LISTING.match(after.text.strip())
        )
    return chains


def _unknown_of(chain: Chain) -> Side | None:
    side = chain.sides[0]
    short = len(side.tokens) <= 8 and all(
        token.kind in ("name", "op", "num", "label", "open", "close", "func")
        for token in side.tokens
    )
    named = short and side.tokens[0].kind in ("name", "func")
    return side if named and len(chain.sides) == 2 and chain.relations == ("=",) else None


def _runs(tokens: list[Token]) -> list[tuple[list[Token], Token | None]]:
    """Cut the tokens at words or marks; each run, maybe empty, has the token that ended it."""
    runs: list[tuple[list[Token], Token | None]] = []
    run: list[Token] = []
    depth = matrix = 0
    for i, token in enumerate(tokens):
        kind = token.kind
        if matrix:
            matrix += token.text.startswith("begin:") - token.text.startswith("end:")
            run.append(token)
            continue
        if kind == "open":
            matrix += token.text.startswith("begin:")
            depth += not matrix
            run.append(token)
            continue
        if kind == "close":
            if depth == 0 and not token.text.startswith("end:"):
                runs.append((run, token))
                run = []
            else:
                depth -= not token.text.startswith("end:")
                run.append(token)
            continue
        if kind == "op" and token.text == "&":
            continue
        if kind in ("nl", "delim"):
            if _transparent(tokens, i, run, depth):
                continue
        elif kind == "arrow" and depth and run and any(t.text == "lim" for t in run[-6:]):
            run.append(Token("name", "to", token.start, token.end))
            continue
        elif kind not in BREAKS:
            run.append(token)
            continue
        runs.append((run, token))
        run, depth = [], 0
    runs.append((run, None))
    return runs


def _transparent(tokens: list[Token], i: int, run: list[Token], depth: int) -> bool:
    """Return whether a formula goes on after a line end or a maths delimiter in it."""
    if not run:
        return True
    token, before = tokens[i], run[-1]
    following = tokens[i + 1] if i + 1 < len(tokens) else None
    while (following is not None and following.kind in ("nl", "delim")) or (
        following is not None and following.text == "&"
    ):
        i += 1
        following = tokens[i + 1] if i + 1 < len(tokens) else None
    if before.kind == "rel" or (before.kind == "op" and before.text in "+*×/±"):
        return following is not None
    if following is not None and following.kind == "rel":
        return True
    if (
        following is not None
        and following.kind == "op"
        and following.text in "+*×/"
        and token.text == "$"
        and not following.spaced
    ):
        return True
    return (
        depth > 0
        and token.kind == "nl"
        and token.text == "\n"
        and following is not None
        and following.kind not in BREAKS
    )


def _items(run: list[Token]) -> list[list[Token]]:
    """Cut a run at the commas outside all brackets."""
    items: list[list[Token]] = [[]]
    depth = 0
    for token in run:
        kind = token.kind
        if kind == "comma" and depth == 0:
            items.append([])
            continue
        depth += (kind == "open") - (kind == "close")
        items[-1].append(token)
    if depth > 0:  # a bracket that never closes: take it for punctuation
        return [piece for item in items for piece in _without_open(item)]
    return [piece for item in items if item for piece in _without_remark(item)]


def _without_remark(item: list[Token]) -> list[list[Token]]:
    """Cut off a last bracket that is a remark with its own relation: ``g = a - x (x >= 1)``."""
    if item[-1].kind != "close" or item[-1].text != ")":
        return [item]
    depth = 0
    for at in range(len(item) - 1, 0, -1):
        depth += (item[at].kind == "close") - (item[at].kind == "open")
        if depth == 0:
            inner = item[at + 1 : -1]
            remark = (
                item[at].spaced
                and any(token.kind == "rel" for token in inner)
                and item[at - 1].kind != "func"
            )
            return [item[:at], inner] if remark else [item]
    return [item]


def _without_open(item: list[Token]) -> list[list[Token]]:
    pieces: list[list[Token]] = [[]]
    depth = 0
    for token in reversed(item):
        depth += (token.kind == "close") - (token.kind == "open")
        if depth < 0:
            pieces.append([])
            depth = 0
        else:
            pieces[-1].append(token)
    return [list(reversed(piece)) for piece in reversed(pieces) if piece]


def _chain(item: list[Token], scalars: frozenset[str]) -> Chain | None:
    sides: list[list[Token]] = [[]]
    relations: list[str] = []
    depth = 0
    for token in item:
        kind = token.kind
        if kind == "rel" and depth == 0:
            relations.append(token.text)
            sides.append([])
            continue
        depth += (kind == "open") - (kind == "close")
        sides[-1].append(token)
    kept_sides: list[Side] = []
    kept_relations: list[str] = []
    for i, written in enumerate(sides[:MAX_SIDES]):
        side = _trim(written)
        if not side:
            continue
        if kept_sides:
            kept_relations.append(relations[i - 1])
        kept_sides.append(_side(side, scalars))
    if not kept_sides:
        return None
    unfolded, kept = _unfold_membership(tuple(kept_sides), tuple(kept_relations))
    if not any(side.nodes for side in unfolded):
        return Chain(unfolded, kept) if kept else None
    groups = tuple(group for side in unfolded for group in _groups(side, scalars))
    return Chain(unfolded, kept, groups=groups)


def _side(tokens: list[Token], scalars: frozenset[str]) -> Side:
    nodes = parse_all(tokens, scalars)
    unfolded = unfold_signs(nodes[0]) if nodes else ()
    return Side(tuple(tokens), unfolded if len(unfolded) > 1 else nodes, double=len(unfolded) > 1)


def _trim(side: list[Token]) -> list[Token]:
    """Drop marks at the ends that belong to the sentence: a comma, a lone sign, a prime."""
    start, end = 0, len(side)
    while start < end and (
        side[start].kind in ("comma", "prime", "nl")
        or (side[start].kind == "op" and side[start].text in "*×/^_!&")
    ):
        start += 1
    while end > start and (
        side[end - 1].kind in ("comma", "nl")
        or (side[end - 1].kind == "op" and side[end - 1].text in "+-*×/^_&")
    ):
        end -= 1
    return side[start:end]


def _unfold_membership(
    sides: tuple[Side, ...], relations: tuple[str, ...]
) -> tuple[tuple[Side, ...], tuple[str, ...]]:
    """Turn ``x in [a, b]`` into ``a <= x <= b``, so that both writings are compared alike."""
    if relations != ("∈",) or not sides[1].nodes:
        return sides, relations
    node = sides[1].nodes[0]
    tokens = sides[1].tokens
    if isinstance(node, Collection) and node.kind == "set":
        return (sides[0], replace(sides[1], nodes=node.items)), ("=",)
    match node:
        case Interval(low, high, low_closed, high_closed):
            pass
        case Collection("tuple", (low, high)):
            low_closed = high_closed = False
        case _:
            return sides, relations
    unfolded = [sides[0]]
    orders: list[str] = []
    if Constant("inf") not in walk(low):
        unfolded.insert(0, Side(tokens, (low,)))
        orders.append("≤" if low_closed else "<")
    if Constant("inf") not in walk(high):
        unfolded.append(Side(tokens, (high,)))
        orders.append("≤" if high_closed else "<")
    return (tuple(unfolded), tuple(orders)) if orders else (sides, relations)


def _groups(side: Side, scalars: frozenset[str]) -> list[Side]:
    """Return the bracketed parts of a side that are formulas themselves."""
    found: list[Side] = []
    starts: list[int] = []
    if "open" not in [token.kind for token in side.tokens]:
        return found
    for i, token in enumerate(side.tokens):
        if token.kind == "open":
            starts.append(i)
        elif token.kind == "close" and starts:
            start = starts.pop()
            inner = list(side.tokens[start + 1 : i])
            before = side.tokens[start - 1] if start > 0 else None
            applied = before is not None and before.kind in ("func", "prime")
            called = applied and side.tokens[start].text == "("
            raised = before is not None and before.kind == "op" and before.text in "^_"
            if (
                called
                or raised
                or len(inner) < 3
                or not any(t.kind == "op" and t.text in "+-" for t in inner)
            ):
                continue
            node = parse(inner, scalars)
            if node is not None and not is_tuple(node) and len(found) < 6:
                found.append(Side(tuple(inner), unfold_signs(node)))
    return found
