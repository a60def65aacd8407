"""Sentences behind an answer that only comment on it, or speak of another case."""

from __future__ import annotations

import re

from scoring.final_answer.extraction.guarded import guarded
from scoring.final_answer.question.named import speaks_of

_MORE_ZH = "更[大小多少高低长短快慢贵]|[变增减][大小多少高低长短快慢加]|上升|下降|升高|降低"
_MORE = (
    r"(?:larger|smaller|bigger|higher|lower|greater|longer|shorter|more|less|fewer|cheaper"
    r"|dearer|rises?|falls?|grows?|increases?|decreases?)"
)
#: A condition with a number, then how the result would change, without a value.
_CASE_ZH = re.compile(
    rf"^[^\d，,。]*\d[^，,。=]{{0,24}}?(?:时|的话)[，,]?[^\d=]*(?:{_MORE_ZH})[^\d=]*$"
    rf"|^(?:如果|若|假如)[^，,。]*\d[^，,。]*[，,][^\d=]*(?:{_MORE_ZH})[^\d=]*$"
)
_CASE = re.compile(
    rf"^\W*(?:if|when|with|should|were)\b[^,]*\d[^,]*,[^\d]*\b{_MORE}\b[^\d]*$"
    rf"|^[^\d]*\bwould\b[^\d]*\b{_MORE}\b[^\d]*\b(?:if|when|with|for|at)\b",
    re.IGNORECASE,
)
#: Why it is this value and no other.
_COMMENT = re.compile(
    r"^\W*(?:that(?:'s| is)|this is|which is)\b[^.]*\d[^.]*\b(?:at|times|per|for each)\b"
    r"|^\W*(?:\w+\W+){1,6}(?:is|are|would be|costs?|takes?)\s+(?:too|not enough|far too)\b"
    r"|太[长短多少高低贵快慢大小远近重轻]|过[长高低贵大]|不够|不划算|更[贵差慢]|不如|相当于"
    r"|只有[^，,。]*[，,]更[小大少多低高]",
    re.IGNORECASE,
)
_AT_PLACE = re.compile(r"[A-Za-z]\s*=\s*-?\d[\d.]*\s*时")
#: Words that take an answer back, go on from it or offer another.
_GOES_ON = re.compile(
    r"[=≈]|更正|不对|错|应|实际|修正|重新|最后|最终|最小|最大|最少|最低"
    r"|所以|因此|故|答|取整|或|但|而是|再|剩|改|得|给出|减|加|乘|除"
    r"|\b(?:wait|actually|no|should|correct\w*|instead|or|maybe|but|however|so|thus|hence"
    r"|therefore|answer|final\w*|rather|rounded|round|then|left|minus|plus|add\w*|subtract\w*"
    r"|total|altogether|must|really|better|giv(?:es?|ing)|makes?|making|needs?|leaves?|leaving)\b",
    re.IGNORECASE,
)

#: How the result depends on what is given, and estimates of a value that is found only later.
_ACCURACY = guarded(
    (("灵敏", "敏感性", "稳健", "sensitiv"), "WORDS"),
    (("robust",), r"\bWORDS"),
    (("略",), "WORDS(?:小于|大于|低于|高于|超过)"),
    (
        ("should be",),
        r"\bWORDS (?:\w+ )?(?:less|more|smaller|larger|below|above)\b",
    ),
    (
        ("slightly", "a bit", "a little", "somewhat"),
        r"\bWORDS (?:less|more|smaller|larger|below|above)\b",
    ),
)
_STATED_FIRST = re.compile(
    r"^(?!.*(?:若|如果|假如|当|\bif\b|\bwhen\b)).*(?:[为是=≈]|\bis|\bequals)\s*\$?-?\d", re.DOTALL
)


def is_about_accuracy(sentence: str) -> bool:
    """Return whether a sentence, stating no value first, estimates it or says what changes it."""
    found = _ACCURACY.search(sentence)
    return found is not None and _STATED_FIRST.search(sentence[: found.start()]) is None


def says_of_another_case(sentence: str) -> bool:
    """Return whether a sentence says only how the answer changes under another condition."""
    sentence = sentence.strip()
    return _CASE_ZH.search(sentence) is not None or (
        "=" not in sentence and _CASE.search(sentence) is not None
    )


def comments_only(sentence: str, heads: frozenset[str]) -> bool:
    """Return whether a sentence only comments on the value before it.

    One that speaks of what is asked, calculates, corrects or offers another value does more.
    """
    sentence = _AT_PLACE.sub(" ", sentence)
    if speaks_of(sentence, heads) or _GOES_ON.search(sentence):
        return False
    return _COMMENT.search(sentence) is not None
