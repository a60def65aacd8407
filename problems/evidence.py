"""Evidence patterns: what in an answer shows that a step was made.

A leaf is an equation, a value, words or a regular expression; ``any_of`` and ``all_of`` join them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from problems.errors import Place, ProblemError
from problems.reading import (
    LANGUAGES,
    choice,
    mapping,
    number,
    sequence,
    text,
    text_or_number,
    texts,
)

FORMS = ("numeric", "matrix", "text")
#: Unbounded repeats that one pattern may hold; more of them make a search slow on hostile text.
MAX_REPEATS = 4
MAX_PATTERN = 400
MAX_DEPTH = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class EqEvidence:
    """A relation that must stand in the answer, in any equivalent writing."""

    eq: str
    form: str = "numeric"
    tol: float | None = None
    near: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the YAML shape of this item."""
        data: dict[str, Any] = {"eq": self.eq}
        if self.form != "numeric":
            data["form"] = self.form
        return data | _optional(tol=self.tol, near=list(self.near) or None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueEvidence:
    """A number or expression that must stand in the answer, near one of the words if any."""

    value: str
    tol: float | None = None
    unit: str | None = None
    near: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the YAML shape of this item."""
        return {"value": self.value} | _optional(
            tol=self.tol, unit=self.unit, near=list(self.near) or None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsEvidence:
    """Words of which any one must stand in a sentence of the answer, whatever the language."""

    words: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def all_words(self) -> tuple[str, ...]:
        """All words of all languages."""
        return tuple(word for _, words in self.words for word in words)

    def to_dict(self) -> dict[str, Any]:
        """Return the YAML shape of this item."""
        return {"words": {lang: list(words) for lang, words in self.words}}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegexEvidence:
    """A linear-time pattern that a sentence of the answer must hold, as written or normalised."""

    regex: str

    def to_dict(self) -> dict[str, Any]:
        """Return the YAML shape of this item."""
        return {"regex": self.regex}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """Holds where one of its items holds."""

    items: tuple[EvidenceItem, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the YAML shape of this item."""
        return {"any_of": [item.to_dict() for item in self.items]}


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Holds where all of its items hold inside one sentence or two adjacent ones."""

    items: tuple[EvidenceItem, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the YAML shape of this item."""
        return {"all_of": [item.to_dict() for item in self.items]}


EvidenceItem = EqEvidence | ValueEvidence | WordsEvidence | RegexEvidence | AnyOf | AllOf
KINDS = ("eq", "value", "words", "regex", "any_of", "all_of")


def read_evidence(data: Any, place: Place, depth: int = 0) -> EvidenceItem:
    """Read one evidence item, and the items inside it."""
    if depth > MAX_DEPTH:
        raise ProblemError(f"evidence is nested more than {MAX_DEPTH} deep", place=place)
    if not isinstance(data, Mapping):
        raise ProblemError(
            "an evidence item is a mapping such as {eq: ...} or {value: ...}", place=place
        )
    kinds = [kind for kind in KINDS if kind in data]
    if len(kinds) != 1:
        raise ProblemError(
            f"an evidence item has exactly one of the keys {', '.join(KINDS)}", place=place
        )
    kind = kinds[0]
    if kind in ("any_of", "all_of"):
        found = mapping(data, place, required=(kind,))
        inner = tuple(
            read_evidence(item, (*place, kind, i), depth + 1)
            for i, item in enumerate(sequence(found[kind], (*place, kind)))
        )
        return AnyOf(items=inner) if kind == "any_of" else AllOf(items=inner)
    return _read_leaf(kind, data, place)


def _read_leaf(kind: str, data: Any, place: Place) -> EvidenceItem:
    if kind == "eq":
        found = mapping(data, place, required=("eq",), optional=("form", "tol", "near"))
        return EqEvidence(
            eq=text(found["eq"], (*place, "eq")),
            form=choice(found.get("form", "numeric"), (*place, "form"), FORMS),
            tol=_tolerance(found.get("tol"), place),
            near=texts(found.get("near", []), (*place, "near"), empty=True),
        )
    if kind == "value":
        found = mapping(data, place, required=("value",), optional=("tol", "unit", "near"))
        unit = found.get("unit")
        return ValueEvidence(
            value=text_or_number(found["value"], (*place, "value")),
            tol=_tolerance(found.get("tol"), place),
            unit=None if unit is None else text(unit, (*place, "unit")),
            near=texts(found.get("near", []), (*place, "near"), empty=True),
        )
    found = mapping(data, place, required=(kind,))
    if kind == "regex":
        pattern = text(found["regex"], (*place, "regex"))
        check_pattern(pattern, (*place, "regex"))
        return RegexEvidence(regex=pattern)
    return _read_words(found["words"], (*place, "words"))


def _read_words(data: Any, place: Place) -> WordsEvidence:
    found = mapping(data, place, required=(), optional=LANGUAGES)
    words = tuple((lang, texts(found[lang], (*place, lang))) for lang in LANGUAGES if lang in found)
    if not words:
        raise ProblemError("words needs a list under zh: or en:", place=place)
    return WordsEvidence(words=words)


def _tolerance(data: Any, place: Place) -> float | None:
    if data is None:
        return None
    tol = number(data, (*place, "tol"))
    if tol < 0:
        raise ProblemError("a tolerance cannot be negative", place=(*place, "tol"))
    return tol


def _optional(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def check_pattern(pattern: str, place: Place = ()) -> None:
    """Refuse a pattern that does not compile or that may take more than linear time.

    Nested repeats and back references are what takes longer.
    """
    if len(pattern) > MAX_PATTERN:
        raise ProblemError(f"the pattern is longer than {MAX_PATTERN} characters", place=place)
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ProblemError(f"the pattern does not compile: {error}", place=place) from None
    tree = re._parser.parse(pattern)  # type: ignore[attr-defined]
    repeats = _count_repeats(tree, inside=False, place=place)
    if repeats > MAX_REPEATS:
        raise ProblemError(
            f"the pattern has {repeats} unbounded repeats, at most {MAX_REPEATS} are allowed",
            place=place,
        )


def _count_repeats(tree: Any, *, inside: bool, place: Place) -> int:
    """Count unbounded repeats; refuse a repeat within a repeat and back references."""
    total = 0
    for op, argument in tree:
        name = str(op)
        if name == "GROUPREF":
            raise ProblemError("back references are not allowed in a pattern", place=place)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            _, high, body = argument
            many = int(high) > 16
            if many and inside:
                raise ProblemError(
                    "a repeat within a repeat can take very long; write the pattern flat",
                    place=place,
                )
            total += many + _count_repeats(body, inside=inside or int(high) > 1, place=place)
        else:
            total += sum(
                _count_repeats(body, inside=inside, place=place) for body in _bodies(argument)
            )
    return total


def _bodies(argument: Any) -> list[Any]:
    """Return the sub-patterns held in the argument of a parsed regex node."""
    if isinstance(argument, re._parser.SubPattern):  # type: ignore[attr-defined]
        return [argument]
    if isinstance(argument, (list, tuple)):
        return [body for item in argument for body in _bodies(item)]
    return []
