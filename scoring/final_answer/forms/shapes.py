"""Read a text in one spelling as a form, where it is all mathematics."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from scoring.final_answer.forms.form import (
    BUILDER,
    CHINESE,
    NAME,
    RELATION,
    Equation,
    Form,
    Scalar,
    Several,
    Span,
    Spans,
    Words,
    closing,
    is_mathematics,
    split_list,
    trimmed,
    trimmed_part,
)
from scoring.final_answer.forms.intervals import joined, spans
from scoring.final_answer.forms.scalars import LEAD, scalar


@lru_cache(maxsize=2048)
def read_form(text: str, names: frozenset[str] = frozenset()) -> Form | None:
    """Return what a text states, or None where it is not all mathematics.

    ``names`` are the letters that stand for something in this problem; other letters behind a
    number are its unit.
    """
    if _EMPTY.fullmatch(text):
        return Several(())
    text = trimmed(text)
    if not text or len(text) > 6000:
        return None
    if _MATRIX.search(text):
        return _matrix(text)
    while (lead := LEAD.match(text)) and lead.end() < len(text):
        text = text[lead.end() :].strip()
    if (bare := _SET_NAME.sub("", text)) != text:
        text = trimmed(bare)
    if (several := _BUILDERS.fullmatch(text)) is not None and several["second"]:
        conditions = [BUILDER.match(part.strip()) for part in text.split("∪")]
        return read_form(" or ".join(m["condition"] for m in conditions if m is not None), names)
    if (builder := BUILDER.match(text)) is not None:
        return read_form(builder["condition"], names)
    if (point := _POINT.fullmatch(text)) is not None:
        text = point[1].replace("|", ",")
    if special := _special(text):
        return special
    union = None if text.startswith("\\{") else spans(text)
    if union is not None:
        return union
    member = _MEMBER.fullmatch(text)
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
    r"|[A-Z](?:\s*[∩∪]\s*[A-Z])+"
    r"|[A-Za-z](?:_\{?\w+\}?)?(?:\([A-Za-z]\))?)\s*[=∈:]\s*(?=\\?\{)"
)


#: A union of sets that are written by their conditions.
_BUILT = r"\\?\{[^{}∪]*[|:∣][^{}∪]*\}"
_BUILDERS = re.compile(rf"\s*{_BUILT}(?P<second>\s*∪\s*{_BUILT})+\s*")

_MEMBER = re.compile(rf"(?:{NAME.pattern})\s*∈\s*(?P<set>\\\{{.+\\\}})", re.DOTALL)
_EMPTY = re.compile(r"\s*(?:\\\{\s*\\\}|\{\s*\})\s*")
_POINT = re.compile(r"[A-Z]'?\s*(\([^()]*[,|][^()]*\))")
_RANGE = re.compile(r"(-?[\d.]+)\s*[~～]\s*(-?[\d.]+)\D{0,3}")
_MATRIX = re.compile(r"\\begin\s*\{(?:[bpvBV]?matrix|array)\}")


def _matrix(text: str) -> Form | None:
    """Return a matrix, or what an equation says a name for one is.

    With its brackets in one spelling.
    """
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
    between = _RANGE.fullmatch(text.strip())
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
        "x∈∅",
        "x=∅",
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


def _grouped(text: str, names: frozenset[str]) -> Form | None:
    r"""Return a set in ``\{...\}``.

    A tuple in ``(...)`` or a list in ``[...]``, where brackets hold all of it.
    """
    if text.startswith("\\{") and text.endswith("\\}"):
        inside = text[2:-2]
        builder = re.fullmatch(r"\s*[A-Za-z]\s*(?:∈\s*[ℝR]\s*)?[|:]\s*(?P<condition>.+)", inside)
        if builder is not None:
            return read_form(builder["condition"], names)
        items = [read_form(part, names) for part in split_list(inside)]
        return None if None in items else Several(tuple(item for item in items if item is not None))
    if text[:1] in "([⟨" and closing(text.replace("⟨", "(").replace("⟩", ")"), 0) == len(text) - 1:
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


def _single(text: str, names: frozenset[str]) -> Form | None:
    text = re.sub(r"(?<=[\d)}])\s*\(\s*(?:≈|=|约|about|approx\w*)[^()]*\)$", "", text)
    within = {m.group(): f"{{{chr(_HIDDEN + at)}}}" for at, m in enumerate(_INDEX.finditer(text))}
    if within:
        # The equality below a sum names its index; it does not split the whole.
        shown = _single(_INDEX.sub(lambda m: m.group()[0] + within[m.group()], text), names)
        return None if shown is None else _restored(shown, {v: k[1:] for k, v in within.items()})
    relations = RELATION.findall(text)
    if relations:
        if any(relation not in "=≈" for relation in relations):
            if relations[-1] not in "=≈":
                return Equation((text,)) if is_mathematics(text) else None
            # Of a < b = c the equality at the end gives the value.
            last_order = max(m.start() for m in RELATION.finditer(text) if m.group() not in "=≈")
            text, relations = text[last_order + 1 :], re.findall(r"[=≈]", text[last_order + 1 :])
        sides = tuple(trimmed(side) for side in re.split(r"[=≈]", text))
        if not all(sides):
            return None
        if len(sides) == 2 and NAME.fullmatch(sides[1]) and not re.search(r"[A-Za-z]", sides[0]):
            sides = (sides[1], sides[0])  # 2 = x
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
    if re.search(r"\d", text) is None and re.search(rf"[A-Za-z{CHINESE}]{{2,}}", text):
        return Words(text)
    return None


#: An index or exponent that holds a relation, and the first of the signs that stand in for one.
_INDEX = re.compile(r"[_^]\{[^{}]*[=<>≤≥≠∈][^{}]*\}")
_HIDDEN = 0xE000


def _restored(form: Form, hidden: dict[str, str]) -> Form:
    def whole(text: str) -> str:
        for sign, inside in hidden.items():
            text = text.replace(sign, inside)
        return text

    if isinstance(form, Scalar):
        return replace(form, text=whole(form.text))
    if isinstance(form, Equation):
        return replace(form, sides=tuple(map(whole, form.sides)))
    return form


#: Words before the name that an equation is about: "the line is y = ...", 方程为 y = ...
_NAMED_LAST = re.compile(
    rf"(?:[{CHINESE}:：]|[A-Za-z]{{2,}}\s)\s*(?P<name>[a-zA-Z](?:_\{{?\w+\}}?)?'*(?:\([a-z]\))?)$"
)


def _names_in_words(text: str) -> bool:
    """Return whether words before an equals sign only name a quantity.

    ``entry``, ``总价``, ``Total cost``.
    """
    return re.search(r"[\d=+*/^\\]|\bare\b|\bis\b|[，,。]", text) is None and len(text.split()) <= 6
