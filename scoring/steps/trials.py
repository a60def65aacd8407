"""Find where an answer tries values instead of deriving.

A name that stands in no formula gets three values or more, a table gives values of a function at
numbers and no formula in letters stands there, or a paragraph says that it tries or checks and its
relations hold numbers alone. Such relations leave no room for a step: a result that is read off
tried values is not derived. Where the result is an expression in letters, an answer that mostly
relates numbers does not derive it either; nor does one that mostly relates decimals where it holds
a root or pi.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from scoring.answer.parsed_answer import ParsedAnswer
from scoring.formulas.chains import Chain
from scoring.formulas.tree import Call, Index, Variable, names_of, numbers_of
from scoring.numeric.rounding import decimals_of
from scoring.steps.derivation import is_plain

Span = tuple[int, int]
#: Values that one name takes at least, to be tried ones.
TRIED = 3
#: Characters between a word for trying and what is tried.
NEAR = 30
#: Decimals of a number that is taken for an approximation.
APPROXIMATE = 3

_VALUE = re.compile(
    r"(?<![A-Za-z\\_^}])(?P<name>[A-Za-z])\s*(?:=|取)\s*"
    r"(?P<value>-?(?:\d+(?:\.\d+)?(?:/\d+)?|\\[dt]?frac\d\d|\d*(?:π|\\pi)(?:/\d+)?"
    r"|\\[dt]?frac\{?\d*\\pi\}?\{?\d+\}?))(?!\s*[-+*/^(\\A-Za-zπ]|\.\d)"
)
#: A value of a function at a number: ``f(2) = ``.
_AT_NUMBER = re.compile(
    r"(?<![A-Za-z\\_^}'])(?P<name>[A-Za-z])\((?P<value>-?\d+(?:\.\d+)?)\)\s*[=≈]"
)
_SAYS_SO = re.compile(
    r"\b(?:try|trying|tried|tests?|testing|guess(?:ing|ed)?|by inspection|trial and error|seems?"
    r"|appears?|looks? like|pattern)\b|试|猜|看起来|似乎|规律",
    re.IGNORECASE,
)
#: Where a sentence begins to check what stands before it.
_CHECKS = re.compile(
    r"(?:^|(?<=[.。;；,，!！]))[ *#(（>-]{0,12}(?:(?:quick |double[- ]?)?check(?:ing)?"
    r"|verif(?:y|ying|ication)|验证|检验|验算|经检验|代入检验)(?![A-Za-z])",
    re.IGNORECASE | re.MULTILINE,
)
#: Each match of the two holds one of these: most texts hold none, and that is found far faster.
_TRYING = (
    "try", "tried", "test", "guess", "inspection", "trial", "seem", "appear", "look", "pattern",
    "试", "猜", "看起来", "似乎", "规律",
)  # fmt: skip
_CHECKING = ("check", "verif", "验", "检")
_PIECE_END = re.compile(r"\n|。|;|；|\.\s")
_LETTER = re.compile(r"(?<![A-Za-z\\])[a-zA-Z](?![A-Za-z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Where one answer tries values, in offsets of its normalised text."""

    #: Sentences about one of several values of a name, or values of a function at numbers.
    sentences: tuple[Span, ...]
    #: Paragraphs that say that they try, and what is behind a result to check it.
    paragraphs: tuple[Span, ...]
    #: Whether relations between numbers show nothing of the result, and whether decimals do not.
    symbolic: bool
    exact: bool
    #: The names of the statement.
    stated: frozenset[str]

    @classmethod
    def of(cls, parsed: ParsedAnswer, references: tuple[str, ...]) -> Trials:
        """Find them in an answer to a problem with these reference answers."""
        text, stated = parsed.text, parsed.symbols.stated
        relations = [chain for chain in parsed.chains if len(chain.sides) > 1]
        numeric = partial(_is_numeric, stated=stated)
        decimal = partial(_is_decimal, stated=stated)
        return cls(
            sentences=tuple(sorted({*_tried_names(parsed), *_tried_places(parsed)})),
            paragraphs=(
                *(
                    _paragraph(text, m.start())
                    for m in _found(_SAYS_SO, _TRYING, text)
                    if not _begins_form(parsed, m.end())
                ),
                *((m.start(), _line_end(text, m.end())) for m in _found(_CHECKS, _CHECKING, text)),
            ),
            stated=stated,
            symbolic=any(map(_has_letters, references)) and _most(numeric, relations),
            exact=any(map(_is_irrational, references)) and _most(decimal, relations),
        )

    def hold(self, chain: Chain) -> bool:
        """Return whether a chain of relations only tries values."""
        if _inside(chain.start, self.sentences):
            return True
        if self.exact and _is_decimal(chain, self.stated):
            return True
        numeric = _is_numeric(chain, self.stated)
        return numeric and (self.symbolic or _inside(chain.start, self.paragraphs))


def _found(pattern: re.Pattern[str], words: tuple[str, ...], text: str) -> Iterator[re.Match[str]]:
    """Return the matches of a pattern that holds one of some words, in small letters."""
    lower = text.lower()
    return pattern.finditer(text) if any(word in lower for word in words) else iter(())


def _begins_form(parsed: ParsedAnswer, at: int) -> bool:
    """Return whether what is tried is a form with coefficients to be found: ``try y = A e^t``."""
    chain = parsed.chain_at(at)
    if chain is None or not 0 <= chain.start - at < NEAR:
        return False
    form = chain.sides[-1].nodes
    return len(chain.sides) < 3 and any(len(names_of(node)) > 1 for node in form)


def _tried_names(parsed: ParsedAnswer) -> set[Span]:
    """Return the sentences about one of several values of a name that stands in no formula."""
    tried = _repeated(_VALUE, parsed.text)
    formulas = _in_formulas(parsed, tuple(span for _, span in tried))
    return {span for name, span in tried if name not in formulas}


def _tried_places(parsed: ParsedAnswer) -> set[Span]:
    """Return the sentences of a table of values where no formula in letters stands."""
    spans = {span for _, span in _repeated(_AT_NUMBER, parsed.text)}
    return spans if spans and not _in_formulas(parsed, ()) else set()


def _repeated(pattern: re.Pattern[str], text: str) -> set[tuple[str, Span]]:
    """Return the names that get several values, each with the sentences about one of them."""
    found = [(m["name"], m["value"], m.start()) for m in pattern.finditer(text)]
    values: dict[str, set[str]] = {}
    for name, value, _ in found:
        values.setdefault(name, set()).add(value)
    return {(name, _piece(text, at)) for name, _, at in found if len(values[name]) >= TRIED}


def _piece(text: str, at: int) -> Span:
    """Return the stretch up to the next sentence mark or line end around an offset."""
    start = max(text.rfind(mark, 0, at) for mark in ("\n", "。", ";", "；", ". ")) + 1
    end = _PIECE_END.search(text, at)
    return start, end.start() if end else len(text)


def _paragraph(text: str, at: int) -> Span:
    """Return the line around an offset, and the next one where it ends in a colon."""
    start = text.rfind("\n", 0, at) + 1
    end = _line_end(text, at)
    if text[start:end].rstrip().endswith((":", "：")):
        end = _line_end(text, end + 1)
    return start, end


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _inside(at: int, spans: tuple[Span, ...]) -> bool:
    return any(start <= at < end for start, end in spans)


def _is_numeric(chain: Chain, stated: frozenset[str]) -> bool:
    """Return whether all sides but a name on the left are numbers."""
    sides = chain.sides[1:] or chain.sides
    if any(names_of(node) for side in sides for node in side.nodes):
        return False
    # An equation in unknowns of the answer's own determines them.
    left = [node for node in chain.sides[0].nodes if len(chain.sides) > 1 and not is_plain(node)]
    return not any(names_of(node) and stated.isdisjoint(names_of(node)) for node in left)


def _is_decimal(chain: Chain, stated: frozenset[str]) -> bool:
    """Return whether a chain relates numbers of which one is written with three decimals."""
    if not _is_numeric(chain, stated):
        return False
    numbers = (number for side in chain.sides for node in side.nodes for number in numbers_of(node))
    return any(decimals_of(number) >= APPROXIMATE for number in numbers)


def _most(holds: Callable[[Chain], bool], chains: Sequence[Chain]) -> bool:
    return 2 * sum(map(holds, chains)) >= len(chains)


def _in_formulas(parsed: ParsedAnswer, but: tuple[Span, ...]) -> frozenset[str]:
    """Return the names in an expression outside some spans.

    Not those by themselves on one side, alone or as a function at a number.
    """
    return frozenset(
        name
        for chain in parsed.chains
        if not _inside(chain.start, but)
        for side in chain.sides
        for node in side.nodes
        if not isinstance(node, (Variable, Index))
        and not (isinstance(node, Call) and not names_of(node.argument))
        for name in names_of(node)
    )


@lru_cache(maxsize=1024)
def _has_letters(reference: str) -> bool:
    """Return whether a result is an expression in letters: not the name before its equals sign."""
    right = reference.rpartition("=")[2]
    bare = re.sub(r"\\text\s*\{[^{}]*\}|\\[A-Za-z]+|(?<![A-Za-z])[eiC](?![A-Za-z])", " ", right)
    return _LETTER.search(bare) is not None and re.search(r"[<>≤≥]|\\[gl]e", reference) is None


def _is_irrational(reference: str) -> bool:
    """Return whether an exact result holds a root or pi, which no decimal is."""
    return re.search(r"\\sqrt|\\pi(?![A-Za-z])", reference) is not None
