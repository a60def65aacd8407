"""The parts of a form: entries of a vector, signs of a plus-minus, values given to names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scoring.final_answer.forms.amounts import combined, measure
from scoring.final_answer.forms.exact import exact
from scoring.final_answer.forms.form import Equation, Form, Scalar, Several, Spans, is_mathematics
from scoring.final_answer.forms.shapes import read_form
from scoring.final_answer.notations.vectors import entries

_MATRIX = re.compile(r"\\begin\{pmatrix\}(?P<inside>.*?)\\end\{pmatrix\}", re.DOTALL)


def vector(form: Form) -> Form:
    """Return a matrix as the tuple of its rows, one of a single row or column of its entries.

    Other forms as they are.
    """
    found = _MATRIX.fullmatch(form.text.strip()) if isinstance(form, Scalar) else None
    if found is None:
        return form
    rows = [row.split("&") for row in re.split(r"\\\\", found["inside"]) if row.strip()]
    if len({len(row) for row in rows}) != 1:
        return form
    read = [tuple(read_form(entry) for entry in row) for row in rows]
    if any(entry is None for row in read for entry in row):
        return form
    known = [tuple(entry for entry in row if entry is not None) for row in read]
    if len(known) == 1 or len(known[0]) == 1:
        entries = tuple(entry for row in known for entry in row)
        return Several(entries, ordered=True) if len(entries) > 1 else form
    return Several(tuple(Several(row, ordered=True) for row in known), ordered=True)


def branches(equation: Equation) -> tuple[Form, ...]:
    """Return both equations that a plus-minus sign stands for."""
    if not any("±" in side for side in equation.sides):
        return (equation,)
    return tuple(
        Equation(
            tuple(
                re.sub(r"^\s*±", sign if sign == "-" else "", side).replace("±", sign)
                for side in equation.sides
            )
        )
        for sign in ("+", "-")
    )


def is_call(text: str) -> bool:
    """Return whether a text is a function of something: ``f(x)``, ``f^{-1}(x)``."""
    return (
        re.fullmatch(r"\s*[A-Za-z](?:_\{?\w+\}?)?'*(?:\^\{?-1\}?)?\s*\([^()]*\)\s*", text)
        is not None
    )


def all_open(spans: Spans) -> bool:
    """Return whether no interval of a union holds an end."""
    return all(not span.low_in and not span.high_in for span in spans.spans)


def signs(value: Scalar) -> tuple[Form, ...]:
    """Return both values that a plus-minus sign stands for."""
    return tuple(
        Scalar(
            value.text.replace("±", sign, 1)
            if not value.text.startswith("±")
            else ("-" if sign == "-" else "") + value.text[1:].strip(),
            value.unit,
            value.percent,
            value.degree,
        )
        for sign in ("+", "-")
    )


def expanded(items: Sequence[Form]) -> tuple[Form, ...]:
    """Return the items with each plus-minus as two values."""
    made: list[Form] = []
    for item in items:
        made.extend(signs(item) if isinstance(item, Scalar) and "±" in item.text else (item,))
    return tuple(made)


def alone(form: Form) -> tuple[Form, ...]:
    """Return the items of what an equation equals, or the form itself."""
    if isinstance(form, Equation):
        inner = read_form(form.sides[-1])
        if isinstance(inner, Several):
            return inner.items
    return (form,)


def unpacked(form: Form) -> tuple[Form, ...]:
    """Return the items of several answers, or the one answer."""
    return form.items if isinstance(form, Several) else (form,)


def value_of(form: Form) -> Form:
    """Return what an equation for a lone name gives it; other forms as they are."""
    if isinstance(form, Equation) and (
        form.name or is_call(form.sides[0]) or not is_mathematics(form.sides[0])
    ):
        return read_form(form.sides[-1]) or form
    return form


def assignments(items: Sequence[Form]) -> dict[str, Form] | None:
    """Return names and values where every item gives a name a value and all names differ."""
    found: dict[str, Form] = {}
    for item in items:
        if not isinstance(item, Equation) or not item.name or item.name in found:
            return None
        value = read_form(item.sides[-1])
        if value is None:
            return None
        found[item.name] = value
    return found


def rows_of_names(items: Sequence[Form]) -> tuple[Form, ...] | None:
    """Return ``p = 5, q = 2, p = 7, q = 2`` as its pairs (5, 2) and (7, 2), else None."""
    names = [item.name if isinstance(item, Equation) else "" for item in items]
    width = len(dict.fromkeys(names))
    if (
        "" in names
        or width < 2
        or len(names) <= width
        or names != names[:width] * (len(names) // width)
    ):
        return None
    values = [value_of(item) for item in items]
    return tuple(
        Several(tuple(values[at : at + width]), ordered=True) for at in range(0, len(values), width)
    )


def amount(items: Sequence[Form]) -> Scalar | None:
    """Return an amount in two units of one measure, such as 2 元 5 角, in the first of them."""
    scalars = [item for item in items if isinstance(item, Scalar) and item.unit]
    if len(scalars) != len(items) or len(items) > 3:
        return None
    return combined(scalars)


def by_units(form: Form, other: Form) -> Form:
    """Return a sum of unit vectors as its entries, where the other side is such a tuple."""
    if not isinstance(form, Scalar) or not isinstance(other, Several) or not other.ordered:
        return form
    found = entries(form.text, len(other.items))
    read = [read_form(entry) for entry in found or ()]
    known = tuple(entry for entry in read if entry is not None)
    return Several(known, ordered=True) if read and len(known) == len(read) else form


#: By how much an amount may differ from the same in another unit.
RESTATED_SHARE = 0.02


def restated_amounts(items: Sequence[Form]) -> tuple[Scalar, ...] | None:
    """Return amounts that are one amount in different units: ``72 km/h``, ``45 mph``; else None."""
    scalars = tuple(item for item in items if isinstance(item, Scalar))
    units = [measure(item.unit) for item in scalars]
    values = [exact(item.text) for item in scalars]
    if not items or len(scalars) != len(items) or None in units or None in values:
        return None
    known = [unit for unit in units if unit is not None]
    sizes = [
        float(value) * unit[2]
        for value, unit in zip(values, known, strict=True)
        if value is not None
    ]
    alike = len({unit[:2] for unit in known}) == 1 < len({unit[2] for unit in known})
    close = max(sizes) - min(sizes) <= RESTATED_SHARE * max(map(abs, sizes))
    return scalars if alike and close else None
