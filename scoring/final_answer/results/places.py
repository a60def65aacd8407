"""Where an extreme value is attained: said behind the value, and no part of it."""

from __future__ import annotations

import re
from functools import lru_cache

#: A question that asks for the place too.
_ASKED = re.compile(
    r"\b(?:for|at) (?:which|what)\b|\bwhere\b|\bwhen (?:is|does|do|are)\b"
    r"|\b(?:values?|numbers?) of [a-z](?:\s*(?:,|and)\s*[a-z])* (?:that|which|for|when|at)\b"
    r"|何[值处时]|哪一?点|此时|这时|求[^，。]{0,6}点|取[^，。]{0,4}值时",
    re.IGNORECASE,
)
#: A question that asks for the extreme value, whatever else it asks.
_VALUE_ASKED = re.compile(
    r"\b(?:least|greatest|minimum|maximum|smallest|largest)\s+(?:possible\s+)?values?\b"
    r"|最[大小]值(?![时点])",
    re.IGNORECASE,
)
_BE = r"(?:is|are|was|were|being)"
_ATTAINED = r"(?:attained|reached|achieved|taken(?: on)?|assumed|obtained|realised|realized)"
_SUBJECT = (
    r"(?:it|this|that|they|which|where|(?:the|this|that) (?:value|bound|extremum|equality|maximum"
    r"|minimum|max|min|least value|greatest value)(?: (?:of )?\$?-?[\d./\\{}a-z]+\$?)?)"
)
_ENGLISH = re.compile(
    rf"[,;(]?\s*\b(?:and\s+|with\s+)?(?:{_SUBJECT}\s+)?(?:{_BE}\s+)?(?:only\s+|exactly\s+)?"
    rf"(?:{_ATTAINED}|occurs?|occurring|happens?|holds)\s+"
    r"(?:only\s+|exactly\s+|precisely\s+|just\s+|if and only\s+)*(?:at|when|for|if|iff|where|by)\b"
    r"[^;。]*$",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"[,，;；]\s*(?:此时|这时|(?:且|并)?(?:当且仅当|仅当|当|在))\s*[^。；;]*[。.]?\s*$"
    r"|[,，;；]\s*\$?[a-zA-Z]\s*=\s*[^，。；;=]{1,12}时(?:取到|取得|达到|取)[^。；;\d]*[。.]?\s*$"
)
#: What stands before the place is a value, not the condition of one.
_VALUE_BEFORE = re.compile(r"\d|\\(?:frac|sqrt|pi|ln)|π|√")
#: What goes on from the value: another result, or a correction.
_GOES_ON = re.compile(
    r"更正|不对|错|应为|应该|所以|因此|故|最终|答|[\u3400-\u9fff)）}|]\s*[=≈]"
    r"|\b(?:so|thus|hence|therefore|actually|but|giv(?:es?|ing)|makes?|making)\b",
    re.IGNORECASE,
)


#: What stands for the letters in a value, said behind it: "V = 36, with r = 3 and h = 4".
_LETTERS_BEHIND = re.compile(
    r",\s*(?:with|where|using|其中)\s*\$?(?P<name>[A-Za-zα-ω][\w·.*]{0,5})\s*=\s*[^;。]*$"
)
_THEN = re.compile(r"\b(?:so|thus|hence|therefore|giv(?:es?|ing)|making)\b|所以|因此|故")


#: A sentence that says where an extreme is attained and not what it is.
_PLACE_ALONE = re.compile(
    rf"^[^\d=]*\b(?:max\w*|min\w*|greatest|least|largest|smallest)\b[^\d=]*"
    rf"(?:{_ATTAINED}|occurs?|happens?)\s+(?:only\s+|exactly\s+)?(?:at|when|for|where)\s+\$?[a-zA-Z]"
    r"\s*=\s*[^=,;]+$"
    r"|^[^\d=]*(?:当|在)\s*\$?[a-zA-Z]\s*=\s*[^=,，;；]+?时?[,，]?[^\d=]*(?:取得?|有|达到)到?最[大小]值[。.]?\s*$",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def _asks_place(question: str) -> bool:
    return _ASKED.search(question) is not None


def only_place(text: str, question: str) -> bool:
    """Return whether a text says where an extreme value is attained, and the value is asked for."""
    return not _asks_place(question) and _PLACE_ALONE.search(text.strip()) is not None


def without_attained(text: str, question: str) -> str:
    """Return a statement of a value without where it is attained; all where that is asked for."""
    if _asks_place(question) and not _VALUE_ASKED.search(question):
        return text
    for pattern in (_ENGLISH, _CHINESE):
        found = pattern.search(text)
        if (
            found is not None
            and _VALUE_BEFORE.search(text[: found.start()])
            and not _GOES_ON.search(found.group())
        ):
            text = text[: found.start()].rstrip()
    return _without_letters(text, question)


def _without_letters(text: str, question: str) -> str:
    found = _LETTERS_BEHIND.search(text)
    if found is None or "=" not in text[: found.start()] or _THEN.search(found.group()):
        return text
    asked = re.search(rf"(?<![A-Za-z]){re.escape(found['name'])}(?![A-Za-z])", question)
    return text if asked else text[: found.start()].rstrip()
