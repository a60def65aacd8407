"""Sentences that deny their one value and state no other: ``It is not 42.``, ``x 不是 5``."""

from __future__ import annotations

import re

_DENIES = (
    r"(?:\b(?:is|are|was|were|does|do|did|can|could|must|should|will|would|may)\s+not\b|\bcannot\b"
    r"|\b(?:is|are|was|were|does|do|did|ca|could|must|should|wo|would)n['’]t\b|\bnot\b"
    r"|(?:并|绝)?不(?:应该?|可能|会|能)?(?:是|等于|为)|并非|≠|\\neq?\b)"
)
_DENIED = re.compile(
    rf"^(?P<before>[^\d]*?){_DENIES}\s*(?:(?:be|equal(?:s|\s+to)?|exactly|simply|just|the\s+answer)"
    r"\s*)*[$*\\(\s]*-?(?:\d[\d.,/]*|\\frac\{\d+\}\{\d+\})"
    r"[\s°%$*\\)]*(?:[a-z]+\s*){0,2}[.。!！\s]*$",
    re.IGNORECASE,
)
#: With these a denial is part of a result: "nothing but", "not only", a set without a point.
_PART = re.compile(
    r"\b(?:only|all|every|real|domain|except|where)\b|[<>≤≥∈,，;；:：]|当|定义域|取值"
)
_ASKS_IMPOSSIBLE = re.compile(
    r"\bimpossible\b|\bcannot\b|\bcan not\b|\bcan['’]t\b|\bnot possible\b|不可能|不能",
    re.IGNORECASE,
)
_IMPOSSIBLE = re.compile(
    r"^\W*(?P<name>[A-Za-z]|it|that|他|它)\s*(?:can\s?not|can['’]t|could\s?not|不能|不可能)\s*(?:be|equal|是|等于|为)\s*"
    r"(?P<value>[$\\(]*-?\d[\d./]*[$\\)]*)[\s.。!！]*$",
    re.IGNORECASE,
)


def asked_impossible(question: str) -> bool:
    """Return whether a question asks what cannot be."""
    return _ASKS_IMPOSSIBLE.search(question) is not None


def impossible(sentence: str) -> str | None:
    """Return the value that a sentence says cannot be, None for any other sentence."""
    found = _IMPOSSIBLE.match(sentence)
    return None if found is None else found["value"]


def denies(sentence: str) -> bool:
    """Return whether a sentence states only that something is not its one value."""
    found = _DENIED.match(sentence.strip())
    return found is not None and _PART.search(found["before"]) is None
