"""What the letters of an answer stand for, by what the answer itself says of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from scoring.formulas.chains import Chain
from scoring.formulas.tree import Binary, Node, Number, Variable, names_of, walk
from scoring.numeric.symbols import Symbols

MAX_DEFINITIONS = 8
_DEFINES = re.compile(
    r"(?:令|设|记|[Ll]et|[Pp]ut|[Ss]et|[Dd]enote|[Ww]rite|[Ww]ith|[Ww]here|其中)[^。.;；\n]{0,24}$"
)
_OLD = r"(?<![A-Za-z\\])(?P<old>\\?[A-Za-z]{1,12}(?:_\{?\w\}?)?)"
_NEW = r"(?P<new>[A-Za-z])"
_END = r"(?= ?(?:[,.;:，。；()（）\n]|and\b|of the\b|$))"
_CALLED = ("记作", "记为", "写作")
#: A letter said to stand for another: ``let U = the wanted sum T_n``, ``把 X 记作 U``.
_RENAMES = (
    re.compile(
        r"(?:\b[Ll]et|\b[Ww]rite|\b[Dd]enote|\b[Pp]ut|\band|记|设|令) ?" + _NEW + r" ?"
        r"(?::?= ?|(?:be|stands? for|denotes?|for) |表示 ?|代表 ?)"
        r"(?:[a-z][a-z ]{1,40}\(?(?:the|called) |the [a-z ]{1,30} |the )?" + _OLD + _END
    ),
    re.compile(_OLD + rf" ?(?:{'|'.join(_CALLED)}) ?" + _NEW + r"(?![A-Za-z_^(])"),
)


@dataclass(frozen=True, slots=True)
class Definitions:
    """The letters that an answer introduces, and what they stand for."""

    letters: dict[Node, Node] = field(default_factory=dict)
    #: Letters by which a known one is defined: that one, and what it is.
    shifted: dict[Node, tuple[Node, Node]] = field(default_factory=dict)
    #: Letters that only rename another, as written.
    renamed: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, chains: Sequence[Chain], text: str, symbols: Symbols) -> Definitions:
        """Collect them from the chains of a normalised text."""
        plain = re.sub(r" {2,}", " ", text.replace("$", ""))
        known = symbols.declared | symbols.stated | symbols.simple.keys()
        made = cls()
        # The second begins with what is renamed: slow on a long text, and few have it.
        patterns = _RENAMES if any(word in plain for word in _CALLED) else _RENAMES[:1]
        for found in (match for pattern in patterns for match in pattern.finditer(plain)):
            old, new = symbols.read(found["old"]), found["new"]
            if old is None or not names_of(old) or not names_of(old) <= known or new in "ei":
                continue
            if Variable(new) != old and new not in symbols.stated and not _holds(old, new):
                made.letters.setdefault(Variable(new), old)
                made.renamed.setdefault(new, found["old"])
        for chain in chains:
            if len(made.letters) >= MAX_DEFINITIONS:
                break
            if chain.relations != ("=",) or not all(len(side.nodes) == 1 for side in chain.sides):
                continue
            left, right = (side.nodes[0] for side in chain.sides)
            # Few formulas can define a letter: the words before them are looked at last.
            if _may_define(left, right, known) and _DEFINES.search(
                text[max(0, chain.start - 30) : chain.start]
            ):
                made._add(left, right, known)
        return made

    def _add(self, left: Node, right: Node, known: frozenset[str]) -> None:
        if isinstance(left, Variable) and left.name not in known:
            self.letters.setdefault(left, right)
            return
        (name,) = names_of(right)
        turned = _solved(right, Variable(name), left)
        if turned is not None and len(name) == 1:
            self.letters.setdefault(Variable(name), turned)
            self.shifted.setdefault(Variable(name), (left, right))


def _may_define(left: Node, right: Node, known: frozenset[str]) -> bool:
    """Return whether an equation can give a letter its meaning, the left one or that in it."""
    if not isinstance(left, Variable) or isinstance(right, Number):
        return False
    meant = names_of(right)
    if left.name not in known:
        return not isinstance(right, Variable) and bool(meant) and meant <= known
    return len(meant) == 1 and not meant & known


def _holds(node: Node, name: str) -> bool:
    """Return whether an expression holds a name."""
    return any(isinstance(item, Variable) and item.name == name for item in walk(node))


def _solved(node: Node, unknown: Variable, value: Node) -> Node | None:
    """Return what the unknown is where ``node = value``, for sums and multiples of it."""
    match node:
        case Variable():
            return value if node == unknown else None
        case Binary("add", left, Number() as number) | Binary("add", Number() as number, left):
            return _solved(left, unknown, Binary("sub", value, number))
        case Binary("sub", left, Number() as number):
            return _solved(left, unknown, Binary("add", value, number))
        case Binary("mul", Number() as number, right) | Binary("mul", right, Number() as number):
            return _solved(right, unknown, Binary("div", value, number))
        case _:
            return None
