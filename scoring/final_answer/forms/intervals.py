"""Read intervals: brackets with two ends, unions, inequalities of a lone name, and distances."""

from __future__ import annotations

import itertools
import re

from scoring.final_answer.forms.form import (
    NAME,
    RELATION,
    Form,
    Scalar,
    Several,
    Span,
    Spans,
    is_mathematics,
)


def joined(text: str, forms: list[Spans]) -> Form:
    """Return a union, or what two inequalities joined by "and" or a comma leave."""
    spans = tuple(span for form in forms for span in form.spans)
    name = next((form.name for form in forms if form.name), "")
    several_names = {form.name for form in forms if form.name}
    if len(several_names) > 1:
        return Several(tuple(forms))
    both = not re.search(r"\bor\b|或|∪", text) and name
    if both and any(len(form.spans) == 2 for form in forms):
        return _without_points(forms, name)
    if both and len(spans) == 2:
        (a, b) = spans
        if a.low == "-∞" and b.high == "∞" and b.low != "-∞":
            a, b = b, a
        if a.high == "∞" and a.low != "-∞" and b.low == "-∞" and b.high != "∞":
            return Spans((Span(a.low, b.high, a.low_in, b.high_in),), name)
    return Spans(spans, name)


def _without_points(forms: list[Spans], name: str) -> Spans:
    """Return what "2 < n < 102 and n ≠ 12" leaves.

    The span cut at each point that is left out, in written order.
    """
    whole = next(
        (form.spans[0] for form in forms if len(form.spans) == 1), Span("-∞", "∞", False, False)
    )
    points = [form.spans[0].high for form in forms if len(form.spans) == 2]
    ends = [whole.low, *points, whole.high]
    spans = [
        Span(a, b, whole.low_in and i == 0, whole.high_in and i == len(points))
        for i, (a, b) in enumerate(itertools.pairwise(ends))
    ]
    return Spans(tuple(spans), name)


_SPAN = re.compile(
    r"(?P<open>[\[(\]])\s*(?P<low>[^,;()\[\]]+(?:\([^()]*\)[^,;()\[\]]*)*"
    r"|-\s*∞)\s*[,;]\s*(?P<high>[^,;()\[\]]+(?:\([^()]*\)[^,;()\[\]]*)*)\s*(?"
    r"P<close>[\])\[])"
)


_SPAN_FRENCH = re.compile(r"\]\s*(?P<low>[^;,\[\]]+)\s*[;,]\s*(?P<high>[^;,\[\]]+)\s*\[")


_MEMBER = re.compile(rf"(?P<name>{NAME.pattern})\s*∈\s*(?P<rest>.+)")
_FRENCH = re.compile(rf"(?:(?:{NAME.pattern})\s*[=∈]\s*)?(?P<span>\][^\[\]]*[;,][^\[\]]*\[)")
_UNION = re.compile(r"\s*∪\s*")


def spans(text: str) -> Spans | None:
    """Return intervals that are surely such.

    Half open, unbounded, a union, a membership or inequalities.
    """
    member = _MEMBER.fullmatch(text)
    name, rest = (member["name"], member["rest"]) if member else ("", text)
    french = _FRENCH.fullmatch(text)
    if french is not None and (turned := _SPAN_FRENCH.fullmatch(french["span"])):
        return Spans(
            (Span(turned["low"].replace(" ", ""), turned["high"].replace(" ", ""), False, False),)
        )
    pieces = _UNION.split(rest)
    found = [_SPAN.fullmatch(piece.strip()) for piece in pieces]
    if all(found):
        spans = tuple(_span(piece) for piece in found if piece is not None)
        sure = (
            bool(member)
            or len(pieces) > 1
            or any(s.low_in != s.high_in or "∞" in s.low + s.high for s in spans)
        )
        return Spans(spans, name) if sure else None
    if member:
        return None
    return _inequality(text)


def _span(found: re.Match[str]) -> Span:
    low, high = found["low"].replace(" ", ""), found["high"].replace(" ", "").replace("+∞", "∞")
    return Span(
        low, high, found["open"] == "[" and low != "-∞", found["close"] == "]" and high != "∞"
    )


def as_span(form: Form) -> Spans | None:
    """Return a pair in brackets as the interval that it may be meant as."""
    if (
        isinstance(form, Several)
        and len(form.items) == 2
        and all(isinstance(i, Scalar) for i in form.items)
    ):
        low, high = form.items
        assert isinstance(low, Scalar)
        assert isinstance(high, Scalar)
        return Spans((Span(low.text, high.text, not form.ordered, not form.ordered),))
    return None


def _inequality(text: str) -> Spans | None:
    """Return the interval of a lone name that an inequality confines.

    ``0 ≤ x < 6``, ``x > 4``, ``x ≠ 4``.
    """
    if (distance := _DISTANCE.fullmatch(text)) is not None:
        return _within(distance)
    relations = RELATION.findall(text)
    if not relations or any(relation not in "<>≤≥≠" for relation in relations):
        return None
    sides = [side.strip() for side in RELATION.split(text)]
    if len(sides) == 2 and relations == ["≠"]:
        left, right = sides
        if NAME.fullmatch(left) and right:
            return Spans((Span("-∞", right, False, False), Span(right, "∞", False, False)), left)
        return None
    if "≠" in relations or not all(sides):
        return None
    at = [i for i, side in enumerate(sides) if NAME.fullmatch(side)]
    if len(at) != 1 or len(sides) > 3 or (len(sides) == 3 and at != [1]):
        return None
    if not all(is_mathematics(side) and balanced(side) for side in sides):
        return None
    low, high, low_in, high_in = "-∞", "∞", False, False
    for i, relation in enumerate(relations):
        left, right, closed = sides[i], sides[i + 1], relation in "≤≥"
        if relation in ">≥":
            left, right = right, left
        if NAME.fullmatch(left) and i in (at[0] - 1, at[0]) and left == sides[at[0]]:
            high, high_in = right, closed
        else:
            low, low_in = left, closed
    return Spans(
        (
            Span(
                low.replace(" ", ""),
                high.replace(" ", ""),
                low_in and "∞" not in low,
                high_in and "∞" not in high,
            ),
        ),
        sides[at[0]],
    )


_DISTANCE = re.compile(
    r"\|\s*(?P<name>[a-zA-Z])\s*(?:(?P<sign>[-+])\s*(?P<centre>[\d.]+))?\s*\|\s*("
    r"?P<relation>[<>≤≥])\s*(?P<size>[\d.]+)"
)


def _within(found: re.Match[str]) -> Spans:
    """Return what a distance confines: ``|x - 1| < 3``."""
    centre = f"{'-' if found['sign'] == '+' else ''}{found['centre'] or 0}"
    low, high = f"{centre}-{found['size']}", f"{centre}+{found['size']}"
    closed = found["relation"] in "≤≥"
    if found["relation"] in "<≤":
        return Spans((Span(low, high, closed, closed),), found["name"])
    return Spans((Span("-∞", low, False, closed), Span(high, "∞", closed, False)), found["name"])


def balanced(text: str) -> bool:
    """Return whether as many brackets open as close."""
    return text.count("(") == text.count(")") and text.count("{") == text.count("}")
