"""Whether an answer states one of the results that a rubric lists, of several that may be right."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scoring.text.normalise import normalise

_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.])(?P<digits>\d+(?:\.(?P<decimals>\d+))?)(?![\d^_])"
    r"(?P<percent> *(?:\\?%|per ?cent))?"
)
#: What stands in brackets says where a result belongs, as in ``r(100)``.
_BRACKETED = re.compile(r"\([^()]*\)")
#: Characters between the numbers of one result, at most.
REACH = 80
#: Significant digits that a rounded number has at least.
DIGITS = 2


def states_listed(references: Sequence[str], text: str) -> bool:
    """Return whether all numbers of a listed result stand close together, rounded or as percent."""
    said = list(_NUMBER.finditer(normalise(text.replace("$", "")).text))
    for reference in references:
        wanted = [float(m["digits"]) for m in _NUMBER.finditer(_BRACKETED.sub(" ", reference))]
        places = [[m.start() for m in said if _is(m, number)] for number in wanted]
        if places and any(
            all(any(abs(at - first) <= REACH for at in others) for others in places[1:])
            for first in places[0]
        ):
            return True
    return False


def _is(written: re.Match[str], wanted: float) -> bool:
    """Return whether a number is the wanted one, to the digits that it is written with."""
    share = 0.01 if written["percent"] else 1.0
    value = float(written["digits"]) * share
    half = 0.5001 * share * 10.0 ** -len(written["decimals"] or "")
    precise = len(written["digits"].replace(".", "").lstrip("0")) >= DIGITS
    return value == wanted or (precise and abs(value - wanted) <= half)
