"""Read values out of YAML strictly: each refusal names the place and what was expected there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from problems.errors import Place, ProblemError

#: Languages that statements, descriptions and words may be written in.
LANGUAGES = ("zh", "en")


def mapping(
    data: Any, place: Place, *, required: Iterable[str], optional: Iterable[str] = ()
) -> dict[str, Any]:
    """Return ``data`` as a mapping with known keys only and all required ones."""
    if not isinstance(data, Mapping):
        raise ProblemError(f"expected a mapping, found {kind_of(data)}", place=place)
    needed, known = tuple(required), {*required, *optional}
    for key in data:
        if key not in known:
            raise ProblemError(
                f"unknown key {key!r}; the keys allowed here are {', '.join(sorted(known))}",
                place=(*place, str(key)),
            )
    for key in needed:
        if key not in data:
            raise ProblemError(f"the key {key!r} is missing", place=place)
    return dict(data)


def text(data: Any, place: Place, *, empty: bool = False) -> str:
    """Return ``data`` as text.

    A number is refused, since YAML would have changed how it was written.
    """
    if not isinstance(data, str):
        raise ProblemError(f"expected text, found {kind_of(data)}; put it in quotes", place=place)
    if not empty and not data.strip():
        raise ProblemError("the text is empty", place=place)
    return data


def text_or_number(data: Any, place: Place) -> str:
    """Return ``data`` as text, accepting a plain number as its decimal spelling."""
    if isinstance(data, bool) or not isinstance(data, (str, int, float)):
        raise ProblemError(
            f"expected a number or an expression in quotes, found {kind_of(data)}", place=place
        )
    return text(data if isinstance(data, str) else repr(data), place)


def number(data: Any, place: Place) -> float:
    """Return ``data`` as a finite float."""
    if isinstance(data, str):
        raise ProblemError(
            f"expected a number, found the text {data!r}; YAML reads 1e-4 as text, write 1.0e-4",
            place=place,
        )
    if isinstance(data, bool) or not isinstance(data, (int, float)):
        raise ProblemError(f"expected a number, found {kind_of(data)}", place=place)
    if not math.isfinite(data):
        raise ProblemError("the number must be finite", place=place)
    return float(data)


def whole(data: Any, place: Place, *, low: int, high: int) -> int:
    """Return ``data`` as a whole number from ``low`` to ``high``."""
    if isinstance(data, bool) or not isinstance(data, int):
        raise ProblemError(f"expected a whole number, found {kind_of(data)}", place=place)
    if not low <= data <= high:
        raise ProblemError(
            f"expected a whole number from {low} to {high}, found {data}", place=place
        )
    return data


def flag(data: Any, place: Place) -> bool:
    """Return ``data`` as true or false."""
    if not isinstance(data, bool):
        raise ProblemError(f"expected true or false, found {kind_of(data)}", place=place)
    return data


def choice(data: Any, place: Place, allowed: Iterable[str]) -> str:
    """Return ``data`` as one of the allowed words."""
    options = tuple(allowed)
    if data not in options:
        raise ProblemError(f"{data!r} is not one of {', '.join(options)}", place=place)
    return str(data)


def sequence(data: Any, place: Place, *, empty: bool = False) -> list[Any]:
    """Return ``data`` as a list."""
    if not isinstance(data, list):
        raise ProblemError(f"expected a list, found {kind_of(data)}", place=place)
    if not data and not empty:
        raise ProblemError("the list is empty", place=place)
    return data


def texts(data: Any, place: Place, *, empty: bool = False) -> tuple[str, ...]:
    """Return ``data`` as a tuple of texts."""
    return tuple(
        text(item, (*place, i)) for i, item in enumerate(sequence(data, place, empty=empty))
    )


def by_language(data: Any, place: Place) -> dict[str, str]:
    """Return a text per language; one language at least."""
    found = mapping(data, place, required=(), optional=LANGUAGES)
    if not found:
        raise ProblemError("no language is given; write zh: and en:", place=place)
    return {lang: text(found[lang], (*place, lang)) for lang in LANGUAGES if lang in found}


def kind_of(data: Any) -> str:
    """Name the kind of a YAML value in words."""
    if data is None:
        return "nothing"
    names = {
        bool: "true/false",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "a mapping",
    }
    return names.get(type(data), type(data).__name__)
