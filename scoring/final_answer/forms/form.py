"""The forms that an answer may have: one value, several, intervals, an equation or words.

Nothing is evaluated; `shapes.read_form` makes them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FUNCTION = (
    r"(?:sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan|sinh|cosh|tanh|coth|ln|lg"
    r"|log|exp|sqrt|max|min|det|lim|pi|theta|alpha|beta|gamma|lambda|gcd|lcm)"
)


#: Words that join several answers.
_JOIN = re.compile(
    r"\s*(?:;|,|，|；|、|\n)\s*(?:(?:and|or|or else|以及|和|或者|或|及|且)\s+)?"
    r"|\s+(?:and|or|together with|along with|as well as|but)\s+(?:also\s+)?"
    r"|\s*(?:或者|或|以及|和|及|与|并且|且)\s*"
)


CHINESE = "\u3400-\u9fff"


_SHORT_WORD = (
    r"(?<![A-Za-z])(?:is|it|of|in|to|at|an|or|on|by|we|so|as|if|be|he|no|do|up|us"
    r"|my|am|go|No)(?![A-Za-z])"
)


#: What `is_mathematics` leaves out, and the words that it looks for.
_COMMAND = re.compile(r"\\[A-Za-z]+")
_FUNCTION_NAME = re.compile(rf"(?<![A-Za-z])[A-Za-z]?{FUNCTION}(?![A-Za-z]{{2}})")
_WORD = re.compile(rf"[A-Za-z]{{2,}}[a-z]|[{CHINESE}]|{_SHORT_WORD}")


RELATION = re.compile(r"[=<>≤≥≠≈∈]")


NAME = re.compile(
    r"(?:\\[A-Za-z]+|[A-Za-zα-ωΑ-ΩΔ∠])(?:_\{?[A-Za-z0-9, ]+\}?)?'*(?"
    r":\s*\(\s*[A-Za-z0-9,\s]+\s*\))?|∠\s*[A-Z]{1,3}|[A-Z]{2,3}|\|[A-Z]{2}\|"
)


#: A factorial at the end, whose mark would pass for one of the sentence.
_FACTORIAL = re.compile(r"(?P<factor>\d+|[a-z]|\([^()]*\))!\s*$")
_ITEM_MARK = re.compile(
    r"^\s*(?:[-•]\s+|\(\d\)\s+|\d{1,2}[.)、]\s+|第[一二三四五\d]空\s*[:：]?\s*)"
)
_TRAILING = " \t\n.。,，;；:：!！?？*"


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as written, with what stands behind it."""

    text: str
    unit: str = ""
    percent: bool = False
    degree: bool = False


@dataclass(frozen=True, slots=True)
class Several:
    """Several answers; ``ordered`` for a tuple.

    ``closed`` for a set in braces or a list in brackets.
    """

    items: tuple[Form, ...]
    ordered: bool = False
    #: Whether it stands in square brackets: a list, or an interval with its ends.
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """An interval between two written ends; infinity is ``∞`` and ``-∞``."""

    low: str
    high: str
    low_in: bool
    high_in: bool


@dataclass(frozen=True, slots=True)
class Spans:
    """A union of intervals of one name."""

    spans: tuple[Span, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Equation:
    """A chain of sides joined by ``=``; the last ``approximate`` of them by ``≈``."""

    sides: tuple[str, ...]
    approximate: int = 0

    @property
    def name(self) -> str:
        """The lone name on the left, or the empty string."""
        left = self.sides[0].strip()
        return left if NAME.fullmatch(left) else ""


@dataclass(frozen=True, slots=True)
class Words:
    """Words alone."""

    text: str


Form = Scalar | Several | Spans | Equation | Words


#: A set written by its condition, with or without a backslash before the brace.
BUILDER = re.compile(
    r"^\\?\{\s*(?:\(?\s*[A-Za-z](?:\s*,\s*[A-Za-z])?\s*\)?)\s*(?:∈\s*[ℝR]\s*)?["
    r"|:]\s*(?P<condition>.+?)\\?\}$",
    re.DOTALL,
)


def with_factorial(text: str) -> str:
    """Return a text with brackets around a factorial that it ends in."""
    return _FACTORIAL.sub(r"(\g<factor>!)", text) if "!" in text else text


def trimmed(text: str) -> str:
    """Return the text without sentence marks, emphasis and brackets around all of it."""
    text = text.strip(_TRAILING)
    while True:
        before = text
        text = text.strip(_TRAILING).strip("`\"'“”_")
        if text[:1] == "{" and closing(text, 0) == len(text) - 1 and not BUILDER.match(text):
            text = text[1:-1]
        if text == before:
            return text


def split_list(text: str) -> list[str]:
    """Return the parts of a list.

    Split at commas, semicolons and joining words outside brackets.
    """
    parts, start, at, depth = [], 0, 0, 0
    while at < len(text):
        char = text[at]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth = max(0, depth - 1)
        found = _JOIN.match(text, at) if depth == 0 else None
        if (
            found is not None
            and found.end() > at
            and (found.group().strip() or "\n" in found.group())
        ):
            parts.append(text[start:at])
            start = at = found.end()
            continue
        at += 1
    parts.append(text[start:])
    return [part for part in (trimmed_part(part) for part in parts) if part]


def trimmed_part(text: str) -> str:
    """Return a part of a list without bullets and marks around it."""
    return trimmed(_ITEM_MARK.sub("", text))


def closing(text: str, start: int) -> int:
    """Return where the bracket that opens at ``start`` closes, or -1."""
    depth = 0
    for at in range(start, len(text)):
        if text[at] in "([{":
            depth += 1
        elif text[at] in ")]}":
            depth -= 1
            if depth == 0:
                return at
    return -1


def is_mathematics(text: str) -> bool:
    """Return whether a text holds no words: letters stand alone or name functions."""
    return _WORD.search(_FUNCTION_NAME.sub(" ", _COMMAND.sub(" ", text))) is None


def is_whole(text: str) -> bool:
    """Return whether a text is mathematics without words that does not break off.

    Of prose, or of half an expression, math-verify finds out nothing, and takes its time.
    """
    bare = text.replace("\\{", "").replace("\\}", "")
    closes = all(bare.count(a) == bare.count(b) for a, b in ("()", "{}"))
    cut = re.search(r"[-+*/^=]\s*$|\.\.\.|^\\int[^=]*\^\s*\S+\s*$", text)
    return closes and cut is None and is_mathematics(text)
