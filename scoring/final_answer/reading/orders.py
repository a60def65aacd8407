"""Values that words confine: "at least 0 and under 1", 比2大，最多到6."""

from __future__ import annotations

import re

from scoring.final_answer.forms.form import Form, Span, Spans
from scoring.final_answer.forms.shapes import read_form

_ORDER_WORDS = (
    (
        re.compile(
            r"\b(?:strictly )?(?:greater|more|larger|bigger|higher) than or equal to"
            r"|\bat least|\bno less than|\bnot less than|不小于|大于等于|大于或等于"
            r"|[至最]少(?:为|是|从)?|不少于",
            re.IGNORECASE,
        ),
        "≥",
    ),
    (
        re.compile(
            r"\b(?:strictly )?(?:less|smaller|lower|fewer) than or equal to|\bat most"
            r"|\bno (?:more|greater) than|\bnot (?:more|greater) than"
            r"|\bup to and including|不大于|小于等于|小于或等于|[至最]多(?:为|是|到)?|不超过",
            re.IGNORECASE,
        ),
        "≤",
    ),
    (
        re.compile(
            r"\b(?:strictly )?(?:greater|more|larger|bigger|higher) than|\bexceeds?"
            r"|\babove|\b(?:strictly )?over(?! [a-z])|大于|超过|多于",
            re.IGNORECASE,
        ),
        ">",
    ),
    (
        re.compile(
            r"\b(?:strictly )?(?:less|smaller|lower|fewer) than|\bbelow|\b(?:strictly )?under"
            r"|小于|少于",
            re.IGNORECASE,
        ),
        "<",
    ),
)
_ORDER = re.compile(r"(?P<sign>[<>≤≥])\s*(?P<value>-?[A-Za-z0-9_.\\{}/√π]+)")
_BETWEEN_WORDS = re.compile(
    r"\b(?P<strict>strictly )?between\s+(?P<low>-?[\w.\\{}/√π]+)\s+and\s+(?"
    r"P<high>-?[\w.\\{}/√π]+)(?P<more>[^.]{0,60})",
    re.IGNORECASE,
)


_FROM_TO = re.compile(
    r"\bfrom\s+(?P<low>-?[\w.\\{}/√π]+)\s*(?:[,(]\s*)?(?P<first>inclu\w+|exclu\w+|not inclu\w+)"
    r"[\s,)]*(?:up\s+)?to\s+"
    r"(?P<high>-?[\w.\\{}/√π]+)\s*(?:[,(]\s*)?(?P<second>inclu\w+|exclu\w+|not inclu\w+)",
    re.IGNORECASE,
)


#: 比2大 is said for 大于2.
_THAN_ZH = re.compile(r"比\s*(?P<value>-?[\d.]+)\s*(?:要|还要)?(?P<side>[大小])(?!于)")
_EACH_END = r"(?P<not>\bnot\s+|\bwithout\s+|\bbut\s+not\s+)?\b(?P<word>inclu|exclu|count)\w*\s+"


def _each_end(between: re.Match[str]) -> Spans | None:
    """Return an interval of which each end is said to be in it or not, None without both."""
    held: list[bool] = []
    ends = (between["low"], between["high"].rstrip("."))
    for end in ends:
        said = re.search(
            rf"{_EACH_END}{re.escape(end)}(?![\d.]*\d)", between["more"], re.IGNORECASE
        )
        if said is None:
            return None
        held.append((said["word"].lower() == "exclu") == (said["not"] is not None))
    return Spans((Span(*ends, *held),))


def in_order_words(text: str) -> Form | None:
    """Return the values that words confine.

    "at least 0 and strictly less than 1", "greater than 3".
    """
    if (ends := _FROM_TO.search(text)) is not None:
        first, second = (ends[end].lower().startswith("inclu") for end in ("first", "second"))
        return Spans((Span(ends["low"], ends["high"], first, second),))
    text = _THAN_ZH.sub(lambda m: f"{m['side']}于{m['value']}", text)
    between = _BETWEEN_WORDS.search(text)
    if between is not None and (span := _each_end(between)) is not None:
        return span
    if between is not None and (
        between["strict"] or re.search(r"inclusive|includ|exclusive|exclud", between["more"])
    ):
        closed = not between["strict"] and re.search(r"exclu|not incl", between["more"]) is None
        return Spans((Span(between["low"], between["high"].rstrip("."), closed, closed),))
    spelled = text
    for pattern, sign in _ORDER_WORDS:
        spelled = pattern.sub(f" {sign} ", spelled)
    found = list(_ORDER.finditer(spelled))
    if spelled == text or not found or len(found) > 2:
        return None
    either = (
        " or " if re.search(r"\bor\b|或", spelled[found[0].end() : found[-1].start()]) else " and "
    )
    form = read_form(either.join(f"x {m['sign']} {m['value'].rstrip('.')}" for m in found))
    return Spans(form.spans) if isinstance(form, Spans) else form
