"""How much a sentence looks like a conclusion, and how much it speaks of what is asked."""

from __future__ import annotations

import re

from scoring.final_answer.extraction.statements import CALCULATION, FORMULA, clipped, states
from scoring.final_answer.question.question import content

CONCLUDES = re.compile(
    r"(?:^|[\s,，;；:：*>])(?:therefore|hence|thus"
    r"|so(?!\s+that\s+(?:every|each|all|both|neither|no|any)\b)|consequently|accordingly"
    r"|altogether|finally|overall|in total|we conclude|it follows that|that means"
    r"|this means|the (?:\w+ )?(?:answers?|results?|solutions?|values?) (?:is"
    r"|are))(?![A-Za-z])"
    r"|\b(?:I'd|I would|I'll|I will|let's) (?:go with|say|settle)|\bin the end\b"
    r"|\bis (?:the|my|our) (?:final )?(?:answer|result)\b"
    r"|^\W*(?:now )?(?:add|combin|sum|multipl|subtract)\w*(?: [a-z]+){0,3}:\s"
    r"|\bmy (?:final )?answer\b|^\s*that(?:'s| is| makes| gives)\b"
    r"|^\W*(?:grand )?(?:total|sum)\b[^:\n]{0,20}:"
    r"|因此|所以|故(?!事)|于是|可见|综上|总之|∴|^\s*(?:✅|⇒|→|➡|=>|最后|一共|总共"
    r"|合计|答)|解集[为是]?[:：]?\s*\$?\\?\{|依次(?:填|为|是)|[应故]填",
    re.IGNORECASE,
)
#: Words that are an answer by themselves.
_NOTHING = re.compile(
    r"\bno\s+(?:(?:real|such|integer|whole|positive|rational|valid|possible|common)\s+)*"
    r"(?:solutions?|roots?)"
    r"|\bset\s+is\s+(?:the\s+)?empty|(?:does|do) not exist|无(?:实数)?解|空集|不存在",
    re.IGNORECASE,
)
_BOLD_LINE = re.compile(
    r"\s*(?:[-*>•✅]\s+)?(?:\*\*|__)(?P<inside>[^*\n]+)(?:\*\*|__)\s*[.。!！✓]?\s*"
)
#: A sentence that goes on from a formula above it with the value of that.
WHICH_IS = re.compile(
    r"^\W*which (?:is|equals|has (?:the )?value|gives|evaluates to|simplifies to|comes to)\b"
    r"|^\W*(?:其值|值)[为是]",
    re.IGNORECASE,
)
#: A sentence that says of its subject what it is, with nothing behind the value but its unit.
SAYS_IT = re.compile(
    r"^\W*(?:the|its|his|her|their|this|each|all|[A-Z]\w+)(?:\s[^,;:=]{2,60})?(?:['’]s|\b(?:is|are|was|were|costs?|equals|makes?"
    r"|has|have|gets?|takes?|needs?|earns?|pays?))\s+\W{0,3}-?\d[\d.,]*\**(?:\s+[a-z]+){0,2}[*.!\s$]*$"
    r"|[,;:]\s+(?:it|this|that) (?:saves|costs|takes|earns|leaves|is)\s+\W{0,3}-?\d[\d.,]*\**"
    r"(?:\s+[a-z]+){0,3}[*.!\s$]*$",
    re.IGNORECASE,
)
#: A sentence that names the result by what such questions ask for, with nothing behind the value.
NAMES_IT = re.compile(
    r"^\W*(?:[^,=]{3,60},\s+)?the (?:\w+ ){0,2}(?:sum|limit|value|total|maximum|minimum|integral"
    r"|probability|area|volume|distance|ratio|product|determinant|expectation|variance)\b"
    r"[^,;:=]{0,60}\b(?:is|equals)\s+[^\s,;:=]+[.\s$*]*$",
    re.IGNORECASE,
)


def is_strong(sentence: str) -> bool:
    """Return whether a sentence looks like a conclusion.

    A word for it with a value behind, or a value in bold.
    """
    sentence = clipped(sentence)
    bold = _BOLD_LINE.fullmatch(sentence)
    return (
        bool(bold and FORMULA.search(bold["inside"]))
        or re.search(r"\*\*[^*\n]*\d[^*\n]*\*\*", sentence) is not None
        or _NOTHING.search(sentence) is not None
        or any(
            states(sentence[then.end() :]) or "answer" in then.group()
            for then in CONCLUDES.finditer(sentence)
        )
    )


def overlap(sentence: str, asked: frozenset[str]) -> int:
    """Return how many words of the question a sentence holds; three are as good as more."""
    return min(3, len(content(sentence) & asked))


def is_finished(sentence: str) -> bool:
    """Return whether a calculation ends in a number: ``50 / 4`` alone concludes nothing."""
    return (
        re.search(
            r"[=≈]\s*\$?\s*-?\s*[$\d.,]+\s*(?:[^\d\s=+*/×÷^-][^=+*/×÷^]*)?$",
            sentence.strip(" .。\n*$"),
        )
        is not None
    )


def goes_on(sentence: str) -> bool:
    """Return whether a sentence calculates what is asked.

    So that what stands before it is derivation.
    """
    shown = re.split(r"[:：]\s", sentence)[-1]
    words = shown if re.search(r"[=≈]", shown) else sentence
    prose = len(re.findall(r"(?<![\\A-Za-z])[A-Za-z]{2,}|[\u3400-\u9fff]{2}", words))
    return re.search(r"[=≈<>≤≥]|\\[lg]eq?(?![a-z])", sentence) is not None and (
        prose < 6 or CALCULATION.search(sentence) is not None
    )
