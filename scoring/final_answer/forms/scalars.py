"""Read one value with what stands behind it: its unit, a percent or degree sign, a remark."""

from __future__ import annotations

import re

from scoring.final_answer.forms.amounts import compound
from scoring.final_answer.forms.form import CHINESE, FUNCTION, Scalar, is_mathematics, trimmed
from scoring.final_answer.forms.intervals import balanced

_NUMBER = r"-?(?:\d+(?:\.\d+)?|\.\d+)"


#: A unit or counted thing behind a value: short letters, words, Chinese, with powers and slashes.
_UNIT = re.compile(
    rf"^(?P<value>.*?(?:[\d)}}\]!∞°%π]|\\pi"
    rf"|\\infty))\s*(?P<unit>(?:\(\s*)?(?:per\s|square\s|cubic\s|sq\.?\s"
    rf"|cu\.?\s)?(?:[A-Za-z{CHINESE}][A-Za-z{CHINESE}.'’-]*)(?"
    rf":\s*\^\s*\{{?-?\d\}}?|[23](?![\d]))?(?:\s*[/*·]\s*[A-Za-z{CHINESE}]+(?"
    rf":\s*\^\s*\{{?-?\d\}}?)?|\s+[A-Za-z{CHINESE}][A-Za-z{CHINESE}.'’-]*)*(?"
    rf":\s*\))?)$",
    re.DOTALL,
)


#: A unit in words behind a letter: ``58t litres``.
_UNIT_BEHIND_LETTER = re.compile(
    r"^(?P<value>.*(?<![A-Za-z])[a-z])\s+(?P<unit>[A-Za-z]{3,}(?:\s+per\s+[a-z]+)?)$", re.DOTALL
)


#: A bound behind a value: 42个以上.
_BOUND = re.compile(r"以[上下内]$|\bor (?:more|less|fewer)$")
_REMARK = re.compile(rf"^(?P<value>{_NUMBER}%?)(?P<gap>\s*)\((?P<inside>[^()]*)\)$")


#: Letters that stand for unknowns and for no unit: 2x is not 2.
_UNKNOWNS = frozenset("kqruvwxyz") | {"n"}


LEAD = re.compile(
    r"^(?:=|≈|:|it(?:'s| is)|that(?:'s| is)|which is|this is|we (?:get|have|find"
    r"|obtain)|(?:is|are|equals?)(?![A-Za-z])|所以|因此|于是|从而|故|为|是|共|约为|约是|约|大约|about|approximately"
    r"|approx\.?|roughly|around|exactly|只有|only|即|got|a total of"
    r"|the answer is)\s*",
    re.IGNORECASE,
)


def scalar(text: str, names: frozenset[str] = frozenset()) -> Scalar | None:
    """Return a value with its unit, or None where words stand before it."""
    text = trimmed(text)
    while (lead := LEAD.match(text)) and lead.end() < len(text) and text[lead.end() - 1] != "\\":
        text = text[lead.end() :].strip()
    if (sum_of_two := compound(text)) is not None:
        return sum_of_two
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
        if _BOUND.search(found["unit"]):
            return None
        text, unit = found["value"].strip(), f"{found['unit'].strip('() ')} {unit}".strip()
    percent, degree = False, False
    if re.search(r"[\d)}]\s*(?:%)$", text):
        text, percent = text[:-1].strip(), True
    elif re.fullmatch(r"per\s?cent|pct\.?|百分点|percentage", unit, re.IGNORECASE):
        percent, unit = True, ""
    if text.endswith(("°", "°C", "°F")):
        unit = text[text.index("°") :] if text[-1] != "°" else unit
        text, degree = text.split("°")[0].strip(), True
        degree = "°" not in text
    elif unit and re.match(r"(?:degrees?|度|deg|摄氏度|[CF]$)", unit, re.IGNORECASE):
        degree = True
        text = text.rstrip("° ")
    if not text or not is_mathematics(text):
        return None
    return Scalar(text, unit, percent, degree)


def _is_value(text: str) -> bool:
    return is_mathematics(text) and balanced(text)


def _is_remark(found: re.Match[str], names: frozenset[str]) -> bool:
    from scoring.final_answer.forms.exact import exact  # noqa: PLC0415

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
    """Return whether letters behind a number are a factor of it and no unit.

    A name of this problem or a function.
    """
    bare = unit.strip("() ")
    if bare in _UNKNOWNS:
        return True
    if set(re.findall(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])", bare)) & names:
        return True
    if bare in names or (names and bare and all(char in names for char in bare) and len(bare) <= 3):
        return True
    return re.match(rf"(?:{FUNCTION}(?![a-z])|e(?![a-z])|i(?![a-z]))", bare) is not None
