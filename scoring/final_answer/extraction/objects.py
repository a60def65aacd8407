"""A reply that is a JSON object, or a list that ends in one: the value under the key asked for."""

from __future__ import annotations

import json
import re

from scoring.final_answer.extraction.stated import Stated
from scoring.final_answer.question.question import content

MAX_OBJECT = 2_000
_OBJECT = re.compile(
    r"\A\s*(?:```(?:json)?\s*)?(?:\[.*)?(?P<object>\{[^{}]*\})\s*\]?\s*(?:```)?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)


_VALUE = frozenset(("value", "output", "ans"))


def of_object(text: str, asked: frozenset[str]) -> Stated | None:
    """Return the value of the one key that speaks of what is asked.

    None where a text is anything else, or where no key stands out.
    """
    found = _OBJECT.match(text) if "{" in text[:16] and len(text) <= MAX_OBJECT else None
    if found is None:
        return None
    try:
        values = json.loads(found["object"])
    except ValueError:
        return None
    about = {key: len(content(key.replace("_", " ")) & asked) for key in values}
    best = [key for key, count in about.items() if count and count == max(about.values())]
    best = best or [key for key in values if key.lower() in _VALUE]
    if len(best) != 1 or not isinstance(values[best[0]], str | int | float):
        return None
    written = re.search(rf'"{re.escape(best[0])}"\s*:\s*("?)([^",}}]*)\1', found["object"])
    if written is None:
        return None
    start = found.start("object")
    return Stated(
        start=start + written.start(2), end=start + written.end(2), how="cue", text=written[2]
    )
