"""What an answer states, as a form: one value, several, a tuple, intervals, equations or words.

Reads text in `writing.one_spelling`. Nothing is evaluated; `None` means that the text is not mathematics alone.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

_FUNCTION = (
    r"(?:sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan|sinh|cosh|tanh|coth|ln|lg"
    r"|log|exp|sqrt|max|min|det|lim|pi|theta|alpha|beta|gamma|lambda|gcd|lcm)"
)
#: Words that join several answers.
_JOIN = re.compile(
    r"\s*(?:;|,|，|；|、|\n)\s*(?:(?:and|or|or else|以及|和|或者|或|及|且)\s+)?"
    r"|\s+(?:and|or|together with|along with|as well as|but)\s+(?:also\s+)?"
    r"|\s*(?:或者|或|以及|和|及|与|并且|且)\s*"
)
_CHINESE = "\u3400-\u9fff"
_SHORT_WORD = (
    r"(?<![A-Za-z])(?:is|it|of|in|to|at|an|or|on|by|we|so|as|if|be|he|no|do|up|us"
    r"|my|am|go)(?![A-Za-z])"
)
_RELATION = re.compile(r"[=<>≤≥≠≈∈]")
_NAME = re.compile(
    r"(?:\\[A-Za-z]+|[A-Za-zα-ωΑ-ΩΔ∠])(?:_\{?[A-Za-z0-9, ]+\}?)?'*(?"
    r":\s*\(\s*[A-Za-z0-9,\s]+\s*\))?|∠\s*[A-Z]{1,3}|[A-Z]{2,3}|\|[A-Z]{2}\|"
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
    """Several answers; ``ordered`` for a tuple, ``closed`` for a set in braces or a list in brackets."""

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
        return left if _NAME.fullmatch(left) else ""


@dataclass(frozen=True, slots=True)
class Words:
    """Words alone."""

    text: str


Form = Scalar | Several | Spans | Equation | Words


#: A set written by its condition, with or without a backslash before the brace.
_BUILDER = re.compile(
    r"^\\?\{\s*(?:\(?\s*[A-Za-z](?:\s*,\s*[A-Za-z])?\s*\)?)\s*(?:∈\s*[ℝR]\s*)?["
    r"|:]\s*(?P<condition>.+?)\\?\}$",
    re.DOTALL,
)


def trimmed(text: str) -> str:
    """Return the text without sentence marks, emphasis and brackets around all of it."""
    text = text.strip(_TRAILING)
    while True:
        before = text
        text = text.strip(_TRAILING).strip("`\"'“”_")
        if text[:1] == "{" and _closing(text, 0) == len(text) - 1 and not _BUILDER.match(text):
            text = text[1:-1]
        if text == before:
            return text


def split_list(text: str) -> list[str]:
    """Return the parts of a list, split at commas, semicolons and joining words outside brackets."""
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
    return trimmed(
        re.sub(
            r"^\s*(?:[-•]\s+|\(\d\)\s+|\d{1,2}[.)、]\s+|第[一二三四五\d]空\s*[:：]?\s*)", "", text
        )
    )


def _closing(text: str, start: int) -> int:
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
    bare = re.sub(r"\\[A-Za-z]+", " ", text)
    bare = re.sub(rf"(?<![A-Za-z]){_FUNCTION}(?![A-Za-z]{{2}})", " ", bare)
    return re.search(rf"[A-Za-z]{{2,}}[a-z]|[{_CHINESE}]|{_SHORT_WORD}", bare) is None


def read_form(text: str, names: frozenset[str] = frozenset()) -> Form | None:
    """Return what a text states, or None where it is not all mathematics.

    ``names`` are the letters that stand for something in this problem; other letters behind a number are its unit.
    """
    if re.fullmatch(r"\s*(?:\\\{\s*\\\}|\{\s*\})\s*", text):
        return Several(())
    text = trimmed(text)
    if not text or len(text) > 6000:
        return None
    if _MATRIX.search(text):
        return _matrix(text)
    while (lead := _LEAD.match(text)) and lead.end() < len(text):
        text = text[lead.end() :].strip()
    text = _SET_NAME.sub("", text)
    if (builder := _BUILDER.match(text)) is not None:
        return read_form(builder["condition"], names)
    if (point := re.fullmatch(r"[A-Z]'?\s*(\([^()]*[,|][^()]*\))", text)) is not None:
        text = point[1].replace("|", ",")
    if special := _special(text):
        return special
    union = None if text.startswith("\\{") else _spans(text)
    if union is not None:
        return union
    member = re.fullmatch(rf"(?:{_NAME.pattern})\s*∈\s*(?P<set>\\\{{.+\\\}})", text, re.DOTALL)
    inner = _grouped(member["set"] if member else text, names)
    if inner is not None:
        return inner
    parts = split_list(text)
    if len(parts) > 1:
        return _listed(text, parts, names)
    return _single(text, names)


#: A name before a set: ``D_f = {x | ...}``, ``(x, y) ∈ {...}``.
_SET_NAME = re.compile(
    r"^(?:\(\s*[A-Za-z](?:\s*,\s*[A-Za-z])+\s*\)"
    r"|[A-Za-z](?:_\{?\w+\}?)?(?:\([A-Za-z]\))?)\s*[=∈:]\s*(?=\\?\{)"
)
_MATRIX = re.compile(r"\\begin\s*\{(?:[bpvBV]?matrix|array)\}")


def _matrix(text: str) -> Form | None:
    """Return a matrix, or what an equation says a name for one is, with its brackets in one spelling."""
    body = re.sub(
        r"\\(begin|end)\s*\{[bpvBV]?matrix\}|\\(begin|end)\s*\{array\}(?:\{[lcr|]*\})?",
        r"\\\1\2{pmatrix}",
        text,
    )
    body = re.sub(r"\\\\\[[^\]]*\]", r"\\\\", body)
    found = list(re.finditer(r"\\begin\{pmatrix\}.*?\\end\{pmatrix\}", body, re.DOTALL))
    if not found:
        return None
    inside = found[-1]
    left = body[: inside.start()].strip()
    if left and not re.fullmatch(r".*=\s*[-\d\\{}a-z]*\s*", left, re.DOTALL):
        left = "" if not re.search(r"\d", left) else left
    head = left.rpartition("=")[2].strip() if "=" in left else left
    return Scalar(head + inside.group() + body[inside.end() :].strip(" .,。，"))


def _special(text: str) -> Form | None:
    between = re.fullmatch(r"(-?[\d.]+)\s*[~～]\s*(-?[\d.]+)\D{0,3}", text.strip())
    if between is not None:
        return Spans((Span(between[1], between[2], True, True),))
    bare = re.sub(r"[\s.]", "", text).lower()
    if bare in (
        "ℝ",
        "allrealnumbers",
        "allreals",
        "x∈ℝ",
        "全体实数",
        "一切实数",
        "任意实数",
        "r",
        "x∈r",
    ):
        return Spans((Span("-∞", "∞", False, False),)) if bare != "r" else None
    if bare in (
        "∅",
        "emptyset",
        "theemptyset",
        "nosolution",
        "nosolutions",
        "norealsolution",
        "norealsolutions",
        "无解",
        "空集",
        "无实数解",
        "none",
    ):
        return Several(())
    return None


def _listed(text: str, parts: list[str], names: frozenset[str]) -> Form | None:
    if "\n" in text and len(lines := [line for line in text.split("\n") if line.strip()]) > 1:
        rows = [read_form(trimmed_part(line), names) for line in lines]
        if all(isinstance(row, Several) and len(row.items) > 1 for row in rows):
            # Several lines of assignments are several pairs.
            return Several(
                tuple(
                    Several(_by_name(row), ordered=True) for row in rows if isinstance(row, Several)
                )
            )
    forms: list[Form] = []
    for part in parts:
        form = read_form(part, names)
        if form is None:
            return None
        forms.append(form)
    words = sum(isinstance(form, Words) for form in forms)
    if 0 < words < len(forms):
        return None
    if all(isinstance(form, Spans) for form in forms):
        return joined(text, [form for form in forms if isinstance(form, Spans)])
    ordered = bool(re.search(r"[;；]", text)) and not re.search(
        r"[,，、]|\bor\b|或", re.sub(r"[(\[{][^()\[\]{}]*[)\]}]", "", text)
    )
    flat: list[Form] = []
    for form in forms:
        flat.extend(form.items if isinstance(form, Several) and not form.ordered else (form,))
    return Several(tuple(flat), ordered=ordered and not any(isinstance(f, Equation) for f in flat))


def _by_name(row: Several) -> tuple[Form, ...]:
    """Return the values of a row in the order of their names."""
    named = [item for item in row.items if isinstance(item, Equation) and item.name]
    if len(named) != len(row.items):
        return row.items
    values = [(item.name, read_form(item.sides[-1])) for item in named]
    return tuple(
        value for _, value in sorted(values, key=lambda pair: pair[0]) if value is not None
    )


def joined(text: str, forms: list[Spans]) -> Form:
    """Return a union, or the overlap of inequalities that are joined by "and" or a comma and can overlap."""
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
    """Return what "2 < n < 102 and n ≠ 12" leaves: the span cut at each point that is left out, in written order."""
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


def _grouped(text: str, names: frozenset[str]) -> Form | None:
    r"""Return a set in ``\{...\}``, a tuple in ``(...)`` or a list in ``[...]``, where brackets hold all of it."""
    if text.startswith("\\{") and text.endswith("\\}"):
        inside = text[2:-2]
        builder = re.fullmatch(r"\s*[A-Za-z]\s*(?:∈\s*[ℝR]\s*)?[|:]\s*(?P<condition>.+)", inside)
        if builder is not None:
            return read_form(builder["condition"], names)
        items = [read_form(part, names) for part in split_list(inside)]
        return None if None in items else Several(tuple(item for item in items if item is not None))
    if text[:1] in "([⟨" and _closing(text.replace("⟨", "(").replace("⟩", ")"), 0) == len(text) - 1:
        parts = split_list(text[1:-1])
        if len(parts) > 1 and not re.search(r"\bor\b|\band\b|或|和", text):
            items = [read_form(part, names) for part in parts]
            if None in items:
                return None
            return Several(
                tuple(item for item in items if item is not None),
                ordered=text[0] != "[",
                closed=text[0] == "[",
            )
        if len(parts) == 1 and text[0] in "([":
            return read_form(text[1:-1], names)
    return None


_SPAN = re.compile(
    r"(?P<open>[\[(\]])\s*(?P<low>[^,;()\[\]]+(?:\([^()]*\)[^,;()\[\]]*)*"
    r"|-\s*∞)\s*[,;]\s*(?P<high>[^,;()\[\]]+(?:\([^()]*\)[^,;()\[\]]*)*)\s*(?"
    r"P<close>[\])\[])"
)


_SPAN_FRENCH = re.compile(r"\]\s*(?P<low>[^;,\[\]]+)\s*[;,]\s*(?P<high>[^;,\[\]]+)\s*\[")


def _spans(text: str) -> Spans | None:
    """Return intervals that are surely such: half open, unbounded, a union, a membership or inequalities."""
    member = re.fullmatch(rf"(?P<name>{_NAME.pattern})\s*∈\s*(?P<rest>.+)", text)
    name, rest = (member["name"], member["rest"]) if member else ("", text)
    french = re.fullmatch(
        rf"(?:(?:{_NAME.pattern})\s*[=∈]\s*)?(?P<span>\][^\[\]]*[;,][^\[\]]*\[)", text
    )
    if french is not None and (turned := _SPAN_FRENCH.fullmatch(french["span"])):
        return Spans(
            (Span(turned["low"].replace(" ", ""), turned["high"].replace(" ", ""), False, False),)
        )
    pieces = re.split(r"\s*∪\s*", rest)
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
    """Return the interval of a lone name that an inequality confines: ``0 ≤ x < 6``, ``x > 4``, ``x ≠ 4``."""
    if (distance := _DISTANCE.fullmatch(text)) is not None:
        return _within(distance)
    relations = _RELATION.findall(text)
    if not relations or any(relation not in "<>≤≥≠" for relation in relations):
        return None
    sides = [side.strip() for side in _RELATION.split(text)]
    if len(sides) == 2 and relations == ["≠"]:
        left, right = sides
        if _NAME.fullmatch(left) and right:
            return Spans((Span("-∞", right, False, False), Span(right, "∞", False, False)), left)
        return None
    if "≠" in relations or not all(sides):
        return None
    at = [i for i, side in enumerate(sides) if _NAME.fullmatch(side)]
    if len(at) != 1 or len(sides) > 3 or (len(sides) == 3 and at != [1]):
        return None
    if not all(is_mathematics(side) and _balanced(side) for side in sides):
        return None
    low, high, low_in, high_in = "-∞", "∞", False, False
    for i, relation in enumerate(relations):
        left, right, closed = sides[i], sides[i + 1], relation in "≤≥"
        if relation in ">≥":
            left, right = right, left
        if _NAME.fullmatch(left) and i in (at[0] - 1, at[0]) and left == sides[at[0]]:
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


_NUMBER = r"-?(?:\d+(?:\.\d+)?|\.\d+)"
#: A unit or counted thing behind a value: short letters, words, Chinese, with powers and slashes.
_UNIT = re.compile(
    rf"^(?P<value>.*?(?:[\d)}}\]!∞°%π]|\\pi"
    rf"|\\infty))\s*(?P<unit>(?:\(\s*)?(?:per\s|square\s|cubic\s|sq\.?\s"
    rf"|cu\.?\s)?(?:[A-Za-z{_CHINESE}][A-Za-z{_CHINESE}.'’-]*)(?"
    rf":\s*\^\s*\{{?-?\d\}}?|[23](?![\d]))?(?:\s*[/*·]\s*[A-Za-z{_CHINESE}]+(?"
    rf":\s*\^\s*\{{?-?\d\}}?)?|\s+[A-Za-z{_CHINESE}][A-Za-z{_CHINESE}.'’-]*)*(?"
    rf":\s*\))?)$",
    re.DOTALL,
)
#: A unit in words behind a letter: ``58t litres``.
_UNIT_BEHIND_LETTER = re.compile(
    r"^(?P<value>.*(?<![A-Za-z])[a-z])\s+(?P<unit>[A-Za-z]{3,}(?:\s+per\s+[a-z]+)?)$", re.DOTALL
)
_REMARK = re.compile(rf"^(?P<value>{_NUMBER}%?)(?P<gap>\s*)\((?P<inside>[^()]*)\)$")
_LEAD = re.compile(
    r"^(?:=|≈|:|it(?:'s| is)|that(?:'s| is)|which is|this is|we (?:get|have|find"
    r"|obtain)|is|are|equals?|为|是|共|约为|约是|约|大约|about|approximately"
    r"|approx\.?|roughly|around|exactly|只有|only|即|got|a total of"
    r"|the answer is)\s*",
    re.IGNORECASE,
)


def _single(text: str, names: frozenset[str]) -> Form | None:
    text = re.sub(r"(?<=[\d)}])\s*\(\s*(?:≈|=|约|about|approx\w*)[^()]*\)$", "", text)
    relations = _RELATION.findall(text)
    if relations:
        if any(relation not in "=≈" for relation in relations):
            if relations[-1] not in "=≈":
                return Equation((text,)) if is_mathematics(text) else None
            # Of a < b = c the equality at the end gives the value.
            last_order = max(m.start() for m in _RELATION.finditer(text) if m.group() not in "=≈")
            text, relations = text[last_order + 1 :], re.findall(r"[=≈]", text[last_order + 1 :])
        sides = tuple(trimmed(side) for side in re.split(r"[=≈]", text))
        if not all(sides):
            return None
        last = scalar(sides[-1], names)
        if (
            not is_mathematics(sides[0])
            and not re.search(r"\d|[\[(]", sides[0][:-6])
            and (named := _NAMED_LAST.search(sides[0])) is not None
        ):
            sides = (named["name"], *sides[1:])
        first_words = not is_mathematics(sides[0])
        if first_words and (last is None or not _names_in_words(sides[0])):
            return None
        if last is not None and len(last.unit.split()) > 1 and re.search(r"[a-zA-Z]", sides[0]):
            sides = (*sides[:-1], last.text)
        about = len(relations) - relations.index("≈") if "≈" in relations else 0
        return Equation(sides, about)
    found = scalar(text, names)
    if found is not None:
        return found
    if re.search(r"\d", text) is None and re.search(rf"[A-Za-z{_CHINESE}]{{2,}}", text):
        return Words(text)
    return None


#: Words before the name that an equation is about: "the line is y = ...", 方程为 y = ...
_NAMED_LAST = re.compile(
    rf"(?:[{_CHINESE}:：]|[A-Za-z]{{2,}}\s)\s*(?P<name>[a-zA-Z](?:_\{{?\w+\}}?)?'*(?:\([a-z]\))?)$"
)


def _names_in_words(text: str) -> bool:
    """Return whether words before an equals sign name a quantity and are no sentence: ``entry``, ``总价``, ``Total cost``."""
    return re.search(r"[\d=+*/^\\]|\bare\b|\bis\b|[，,。]", text) is None and len(text.split()) <= 6


def scalar(text: str, names: frozenset[str] = frozenset()) -> Scalar | None:
    """Return a value with its unit, or None where words stand before it."""
    text = trimmed(text)
    while (lead := _LEAD.match(text)) and lead.end() < len(text) and text[lead.end() - 1] != "\\":
        text = text[lead.end() :].strip()
    unit = ""
    text = re.sub(r"\s*\(\s*(?:≈|=|约|about|approx\w*)[^()]*\)$", "", text)
    remark = _REMARK.match(text)
    if remark is not None and _is_remark(remark, names):
        text = remark["value"]
    text = re.sub(r"^(?:USD|RMB|CNY|US)\s*(?=[\d.])", "", text)
    for _ in range(2):
        behind = _UNIT_BEHIND_LETTER.match(text)
        if behind is not None and behind["value"][-1] not in names:
            behind = None
        found = behind or _UNIT.match(text)
        if found is None or _is_variable(found["unit"], names) or not _is_value(found["value"]):
            break
        text, unit = found["value"].strip(), f"{found['unit'].strip('() ')} {unit}".strip()
    percent, degree = False, False
    if re.search(r"[\d)}]\s*(?:%)$", text):
        text, percent = text[:-1].strip(), True
    elif re.fullmatch(r"per\s?cent|percent|百分点|percentage", unit, re.IGNORECASE):
        percent, unit = True, ""
    if text.endswith("°") or text.endswith("°C") or text.endswith("°F"):
        text, degree = text.split("°")[0].strip(), True
        degree = "°" not in text
    elif unit and re.match(r"(?:degrees?|度|deg|摄氏度|[CF]$)", unit, re.IGNORECASE):
        degree = True
        text = text.rstrip("° ")
    if not text or not is_mathematics(text):
        return None
    return Scalar(text, unit, percent, degree)


def _is_value(text: str) -> bool:
    return is_mathematics(text) and _balanced(text)


def _balanced(text: str) -> bool:
    return text.count("(") == text.count(")") and text.count("{") == text.count("}")


def _is_remark(found: re.Match[str], names: frozenset[str]) -> bool:
    from scoring.final_answer.exact import exact  # noqa: PLC0415

    inside = found["inside"]
    if set(re.findall(r"[A-Za-z]", inside)) & names:
        return False
    inner, outer = exact(inside), exact(found["value"].rstrip("%"))
    return (
        inner == outer
        or (bool(found["gap"]) and re.search(r"[-+*/%]", inside) is not None)
        or not re.search(r"\d", inside)
    )


def _is_variable(unit: str, names: frozenset[str]) -> bool:
    """Return whether letters behind a number are a factor of it and no unit: a name of this problem or a function."""
    bare = unit.strip("() ")
    if set(re.findall(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])", bare)) & names:
        return True
    if bare in names or (names and bare and all(char in names for char in bare) and len(bare) <= 3):
        return True
    return re.match(rf"(?:{_FUNCTION}(?![a-z])|e(?![a-z])|i(?![a-z]))", bare) is not None
