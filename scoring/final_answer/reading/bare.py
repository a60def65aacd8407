"""What is stated without what only surrounds it: brackets with remarks, labels, emphasis."""

from __future__ import annotations

import re

from scoring.final_answer.extraction.claims import without_claims
from scoring.final_answer.extraction.stated import Stated
from scoring.final_answer.numerals.plain import plain_numbers
from scoring.final_answer.reading.clauses import (
    REJECTED,
)
from scoring.final_answer.spelling.writing import one_spelling

_REMARK_IN_BRACKETS = re.compile(
    r"[(（][^()（）]*(?:把握|信心|置信|confiden|sure\b|certain|checked|验算|检验|[✓✔])[^()（）]*[)）]",
    re.IGNORECASE,
)
_PROSE_IN_BRACKETS = re.compile(
    r"[(（](?![^()（）]*\b(?:in|ex)clu)(?=\s*(?:since|because|as|from|check)\s|[^()（）]*(?:[A-Za-z]{3,}\s+[A-Za-z]{2,}|[\u3400-\u9fff]{2}"
    r"|\d\s+of\s))[^()（）]*[)）]"
)
#: A value once more as a decimal: ``3π (≈ 9.42)``.
_APPROXIMATELY_IN_BRACKETS = re.compile(
    r"(?<=[\w}$²³])\s*[(（]\s*(?:≈|≃|\\approx|approx(?:imately|\.)?|about|roughly|约)\s*"
    r"(?P<value>-?[\d.,]*\d)\s*[)）]"
)
#: A determinant written out on the left of its value.
_DETERMINANT = re.compile(
    r"\\begin\s*\{vmatrix\}(?:(?!\\end).){1,400}\\end\s*\{vmatrix\}\s*=(?=\s*-?[\d\\])", re.DOTALL
)
#: A doubt about the value before.
_OR_WAS_IT = re.compile(
    r"\s*,?\s+or\s+(?:was it|is it|maybe|perhaps|possibly)\s+(?=[-$\d\\])", re.IGNORECASE
)
#: The label of an answer in one letter: ``A: 42``.
_LABEL = re.compile(r"^\s*\**(?:(?:A|Ans)\**\s*[:：]|tl;?dr[:,]?)\**\s*(?=[-$\d\\])", re.IGNORECASE)
#: A number in words, once more in figures: ``five twelfths (5/12)``.
_FIGURES_IN_BRACKETS = re.compile(
    r"(?P<words>\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[a-z]+teen|[a-z]+ty"
    r"|hundred|thousand|million|dozen|half|halves|thirds?|quarters?|[a-z]+ths?))"
    r"\s*\(\s*-?\d+(?:\.\d+|\s*/\s*\d+)?\s*\\?%?\s*\)",
    re.IGNORECASE,
)
#: A side of an equality that holds a term in words: ``e - (what equals 1) = e - 1``.
_TERM_IN_WORDS = re.compile(
    r"(?<![^=,，;；。\n])[^=,，;；。\n]*[-+*/×·]\s*"
    r"[(（](?=[^()（）]*(?:[A-Za-z]{3,}\s+[A-Za-z]{2,}|[\u3400-\u9fff]{2}))"
    r"[^()（）]*[)）]\s*=(?=[^=,，;；]+[.。]?\s*$)"
)
#: A word with its number in brackets, and a calculation of what stands before them.
_NOTE_IN_BRACKETS = re.compile(
    r"(?<=[\d}])\s*[(（]\s*(?:multiplicity|double|triple|simple|once|twice|重根|二重)[^()（）]*[)）]"
    r"|(?<=\d)\s*[(（]\s*[-\d\s+*/×·÷^.]+=[-\d\s+*/×·÷^.=]+[)）]"
)
#: A unit in brackets, and behind it a remark without numbers: ``8（段）口算的``.
_UNIT_THEN_PROSE = re.compile(
    r"(?<=\d)\s*[（(](?P<unit>[\u3400-\u9fff]{1,4})[)）][\u3400-\u9fff]{1,8}[。.!！]?\s*$"
)
_BOLD = re.compile(r"\*\*(?!\s)(?P<inside>[^*\n]{1,200}?)(?<!\s)\*\*")


def bare(stated: Stated, reference: str, *, several: bool, words: bool) -> str:
    """Return what is stated without remarks in brackets.

    The bold part where it holds a value; ratios with a colon.
    """
    raw = _DETERMINANT.sub("D =", stated.text)
    if stated.how != "boxed" and (bold := _bold(raw, several=several)):
        raw = bold
    raw = _NOTE_IN_BRACKETS.sub(" ", _REMARK_IN_BRACKETS.sub(" ", raw))
    raw = _LABEL.sub("", raw) if stated.how == "end" else raw
    raw = without_claims(raw) if stated.how == "end" else raw
    raw = _UNIT_THEN_PROSE.sub(r" \g<unit>", raw)
    raw = _OR_WAS_IT.sub(" or ", raw)
    raw = _FIGURES_IN_BRACKETS.sub(r"\g<words>", raw)
    raw = _APPROXIMATELY_IN_BRACKETS.sub(r" ≈ \g<value>", raw)
    if stated.how == "end" and not words:
        raw = _TERM_IN_WORDS.sub(" is ", raw)
    if stated.how != "boxed" and not words:
        without = _PROSE_IN_BRACKETS.sub(
            lambda m: m.group() if REJECTED.search(m.group()) else " ", raw
        )
        raw = without if re.search(r"\d|∞|\\infty", plain_numbers(without)) else raw
    if re.search(r"\d\s*:\s*\d", reference):
        raw = (
            _RATIO_FOR.sub(r"\g<a>:\g<b>", one_spelling(raw))
            if _RATIO_FOR.search(one_spelling(raw))
            else raw
        )
    return raw


_RATIO_FOR = re.compile(
    r"(?P<a>\d+)(?:(?:\s+[a-z]+)?\s+(?:to|for\s+every|for\s+each"
    r"|per)\s+|\s*比\s*)(?P<b>\d+)(?:\s+[a-z]+)?(?=[\s.,;)。，；]|$)",
    re.IGNORECASE,
)


def _bold(text: str, *, several: bool) -> str | None:
    """Return what is set in bold of a sentence and holds a value: the last, or all of them."""
    found = [
        m["inside"]
        for m in _BOLD.finditer(text)
        if re.search(r"\d|\\frac|\\pi|π|∞|\\infty|√", m["inside"])
    ]
    if not found or re.search(r"[:：]\s*$", found[-1]):
        return None
    return " , ".join(found) if several else found[-1]
