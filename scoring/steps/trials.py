"""Find where an answer tries values instead of deriving.

A name that stands in no formula gets three values or more, or a paragraph says that it tries and
its relations hold numbers alone. Such relations leave no room for a step: a result that is read
off tried values is not derived. Where the result is an expression in letters, an answer that mostly
relates numbers does not derive it either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scoring.answer.parsed_answer import ParsedAnswer
from scoring.formulas.chains import Chain
from scoring.formulas.tree import Index, Variable, names_of

Span = tuple[int, int]
#: Values that one name takes at least, to be tried ones.
TRIED = 3

_VALUE = re.compile(
    r"(?<![A-Za-z\\_^}])(?P<name>[A-Za-z])\s*(?:=|取)\s*"
    r"(?P<value>-?(?:\d+(?:\.\d+)?(?:/\d+)?|\\[dt]?frac\d\d))(?!\s*[-+*/^(\\A-Za-z]|\.\d)"
)
_SAYS_SO = re.compile(
    r"\b(?:try|trying|tried|tests?|testing|guess(?:ing|ed)?|by inspection|trial and error|seems?"
    r"|appears?|looks? like|pattern)\b|试|猜|看起来|似乎|规律",
    re.IGNORECASE,
)
_LETTER = re.compile(r"(?<![A-Za-z\\])[a-zA-Z](?![A-Za-z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Where one answer tries values, in offsets of its normalised text."""

    #: Sentences about one of several values of a name.
    sentences: tuple[Span, ...]
    #: Paragraphs that say that they try.
    paragraphs: tuple[Span, ...]
    #: Whether relations between numbers show nothing of the result.
    symbolic: bool

    @classmethod
    def of(cls, parsed: ParsedAnswer, references: tuple[str, ...]) -> Trials:
        """Find them in an answer to a problem with these reference answers."""
        text = parsed.text
        found = [(m["name"], m["value"], m.start()) for m in _VALUE.finditer(text)]
        values: dict[str, set[str]] = {}
        for name, value, _ in found:
            values.setdefault(name, set()).add(value)
        tried = {(name, _piece(text, at)) for name, _, at in found if len(values[name]) >= TRIED}
        formulas = _in_formulas(parsed, tuple(span for _, span in tried))
        spans = sorted({span for name, span in tried if name not in formulas})
        return cls(
            sentences=tuple(spans),
            paragraphs=tuple(_paragraph(text, m.start()) for m in _SAYS_SO.finditer(text)),
            symbolic=any(map(_has_letters, references)) and _mostly_numeric(parsed),
        )

    def hold(self, chain: Chain) -> bool:
        """Return whether a chain of relations only tries values."""
        if _inside(chain.start, self.sentences):
            return True
        numeric = _is_numeric(chain)
        return numeric and (self.symbolic or _inside(chain.start, self.paragraphs))


def _piece(text: str, at: int) -> Span:
    """Return the stretch up to the next sentence mark or line end around an offset."""
    start = max(text.rfind(mark, 0, at) for mark in ("\n", "。", ";", "；", ". ")) + 1
    ends = [found.start() for found in [re.compile(r"\n|。|;|；|\.\s").search(text, at)] if found]
    return start, ends[0] if ends else len(text)


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


def _is_numeric(chain: Chain) -> bool:
    """Return whether all sides but a name on the left are numbers."""
    sides = chain.sides[1:] or chain.sides
    return not any(names_of(node) for side in sides for node in side.nodes)


def _mostly_numeric(parsed: ParsedAnswer) -> bool:
    relations = [chain for chain in parsed.chains if len(chain.sides) > 1]
    return 2 * sum(map(_is_numeric, relations)) >= len(relations)


def _in_formulas(parsed: ParsedAnswer, but: tuple[Span, ...]) -> frozenset[str]:
    """Return the names in an expression, not by themselves on one side, outside some spans."""
    return frozenset(
        name
        for chain in parsed.chains
        if not _inside(chain.start, but)
        for side in chain.sides
        for node in side.nodes
        if not isinstance(node, (Variable, Index))
        for name in names_of(node)
    )


def _has_letters(reference: str) -> bool:
    """Return whether a result is an expression in letters: not the name before its equals sign."""
    right = reference.rpartition("=")[2]
    bare = re.sub(r"\\text\s*\{[^{}]*\}|\\[A-Za-z]+|(?<![A-Za-z])[eiC](?![A-Za-z])", " ", right)
    return _LETTER.search(bare) is not None and re.search(r"[<>≤≥]|\\[gl]e", reference) is None
