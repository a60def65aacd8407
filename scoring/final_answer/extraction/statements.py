"""Whether a sentence holds a value: a formula, a calculation, a word such as "none"; no heading."""

from __future__ import annotations

import re

from scoring.final_answer.numerals.plain import plain_numbers

FORMULA = re.compile(
    r"\d|[²³]|\b(?:sin|cos|tan|ln|log|sqrt)\s*\(|∞|\\infty|\binfinity\b|无穷|\\frac|\\pi|\\sqrt|根号|π"
    r"|(?<![A-Za-z])[a-zA-Z]\s*=|\\emptyset|∅|ℝ|\\mathbb|无解|空集|全体实数"
    r"|任意实数|一切实数"
    r"|(?<![A-Za-z\\])[A-Za-z]\s*[-+*/−·×^]\s*[A-Za-z(](?![A-Za-z])|[①-⑳]"
    r"|\$\s*-?[A-Za-z](?:[-+*/][A-Za-z])*\s*\$|no\s+(?:(?:real|integer|such|valid|whole)"
    r"\s+)?(?:solutions?|roots?|numbers?|values?|\w+\s+(?:satisf|exist"
    r"|work))|all\s+(?:other\s+)?real|every\s+real|any\s+real"
    r"|set\s+is\s+empty|empty\s+set|(?:does|do) not exist|(?:does|do)n't exist|不存在",
    re.IGNORECASE,
)
CALCULATION = re.compile(
    r"\d\s*(?:[-+*/×÷^]|\\times|\\cdot|\\div)\s*\$?\s*\d|[=≈]\s*\$?\s*-?\s*\$?\d|\\frac"
)
BULLET = re.compile(r"^\s*(?:第[一二三四五123]?空\s*[:：]|[-*•+]\s+|\(?\d{1,2}[.)、]\s+)(?=\S)")
HEADING_LINE = re.compile(r"^\s*(?:#{1,6}\s|\*\*[^*\d]{1,60}\*\*\s*[:：]?\s*$|[-=*_]{3,}\s*$|```)")
#: Characters at each end of a long sentence that are looked at.
CLIP = 600


def clipped(sentence: str) -> str:
    """Return a sentence of bounded length: a longer one does not state an answer."""
    return sentence if len(sentence) <= 2 * CLIP else f"{sentence[:CLIP]} {sentence[-CLIP:]}"


def states(sentence: str) -> bool:
    """Return whether a sentence holds a value and is not a heading."""
    sentence = clipped(sentence)
    # What holds a value as written holds one in digits; most do, and need no rewriting.
    holds = FORMULA.search(sentence) or FORMULA.search(plain_numbers(sentence))
    return holds is not None and not HEADING_LINE.fullmatch(sentence.strip("\n"))
