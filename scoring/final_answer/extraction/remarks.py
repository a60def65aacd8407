"""Sentences that state no answer, whatever numbers they hold: remarks, checks, other cases."""

from __future__ import annotations

import re

from scoring.final_answer.extraction.asides import (
    is_about_accuracy,
    says_of_another_case,
)
from scoring.final_answer.extraction.guarded import guarded
from scoring.final_answer.extraction.statements import clipped, states

#: Sentences that state no answer, whatever numbers they hold.
_REMARK = re.compile(
    r"取等|等号成立|equality (?:holds|is attained)|"
    r"[?？]\s*$|吗[？?]?\s*$|confiden|certainty|置信|信心|把握|let me know"
    r"|happy to|glad to|feel free|hope (?:this|that)|would you like"
    r"|if you (?:have|want|need|would)|"
    r"any (?:other |further |more )?questions|need (?:any )?(?:more|further)"
    r"|^\W*(?:that|this|it|which|numerically|indeed)\b[^\n]{0,80}\b(?:as it should|as expected"
    r"|makes sense|is (?:plausible|reasonable))"
    r"|\bexplain|希望|如有|如果(?:你|您|还)|欢迎|还有(?:什么|其他)|请(?:告诉"
    r"|随时)|需要(?:我|进一步)|祝|"
    r"^[\s(（*_]*(?:note|remark|ps|p\.s\.|hint|tip|source|reference|difficulty"
    r"|time|score|points|rating|注|备注|说明|提示|难度|来源|分值)\s*[:：]|"
    r"^[\s(（*_]*(?:check|verif|test|let me (?:check|verif|double)|checking"
    r"|verification|to (?:double[- ]?|re[- ]?)?(?:check|verify|confirm|be sure)|double[- ]check"
    r"|(?:we|you|one) can (?:check|verify"
    r"|confirm|see that)|quick check|sanity|as a check|"
    r"(?:代回|回代)(?![^。\n]*得)[^。\n]*(?:对|成立|正确|相符|符合|满足|✓)\s*[。.]?\s*$|"
    r"(?:数值|数字|简单|快速)?(?:检验|验证)(?![^。\n]*解集)|验算|验\s*[:：]|经检验|代入检验|检查|可以验证|容易验证)|\b(?:which"
    r"|this) (?:checks|matches|agrees|confirms)|"
    r"\b(?:it|that) (?:does |all )?checks?(?: out)?\b(?![^\n]*\b(?:so|thus|hence|therefore)\b)|"
    r"^[\s(（*_]*(?:where|here|其中|这里|this is because|recall|remember"
    r"|note that|notice|also|in comparison|by comparison|for comparison"
    r"|for instance|for example|as an example|e\.g\.|incidentally|by the way|"
    r"in other words|for reference|fun fact|by contrast|in contrast"
    r"|on the other hand|otherwise|例如|比如|举例|顺便|相比|换句话说|否则|注意"
    r"|反之)(?![A-Za-z])"
    r"|嘛[\s。.!！~～]*$"
    r"|^\W*my (?:first|earlier|initial|original) (?:try|guess|attempt|answer|thought)\b"
    r"|^[\s(（*_]*我?(?:一开始|起初|最初|刚才|原先)(?:以为|算成|算错|写成|想成)"
    r"|^\W*(?:true|false|yes|no)\s+for\s+(?:all\s+)?the\s+(?:others?|rest|remaining)\b",
    re.IGNORECASE,
)
#: Sentences about something that is not the case, or not what is asked.
_CONTRARY = guarded(
    (("had", "were"), r"\bif\b[^.]{0,60}\bWORDS\b"),
    (("had",), r"\bWORDS\s+(?:it|we|he|she|they|the)\b"),
    (("would",), r"^\s*with(?:out)?\b.*\bWORDS\b"),
    (("would",), r"^\s*an?\s+(?:\w+th|second|third)\b.*\bWORDS\b"),
    (
        ("would",),
        (
            r"^\W*-?\d[\d.,/]*\s*(?:[a-z%°]+\s+){0,2}WORDS\s+(?:\w+\s+){0,2}?"
            r"(?:be|need|take|mean|require|have|come|hold|make)\b.*"
            r"\b(?:if|with|for|when|unless|had|too)\b"
        ),
    ),
    (
        ("the one",),
        r"\bis WORDS (?:that(?:'s| is| has| gives| equals)|with|which)\b",
    ),
    (
        ("才是", "才等于", "才为"),
        r"^[\s(（]*(?![-\d.]+才|[^才]*(?:答|这|那|结果|应|它))[^,，;；。]{1,12}WORDS[^,，;；。]*[\d根π√]",
    ),
    (("如果不", "要是", "假如", "若不", "若没"), "WORDS"),
)
_ELSEWHERE = re.compile(
    r"^[\s(（*]*(?:the\s+|an?\s+)?(?:next|other|others|remaining|rest|previous"
    r"|following)\b|^[\s(（*]*(?:the\s+)?(?:\w+\s+){0,2}itself\b"
    r"|^[\s(（*]*(?:both|these|those|all three|all) \w+ (?:agree|hold|work|match)"
    r"|^[\s(（*]*(?:其余|另外|其他|下一个)",
    re.IGNORECASE,
)
#: Conditions alone: "with x, y ≥ 0".
_CONDITION_ALONE = re.compile(
    r"^[\s(（*]*(?:with|for|assuming|provided|given)\s+[^.]{0,40}[.。]?$", re.IGNORECASE
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|gets?|gives?|makes?|comes?|needs?|will|can"
    r"|takes?|costs?|we|he|she|they|must|equals?|remains?)\b|=",
    re.IGNORECASE,
)


def is_elsewhere(sentence: str) -> bool:
    """Return whether a sentence speaks of the others, the next or the rest."""
    return _ELSEWHERE.match(sentence) is not None


#: What is still to come: "In three years he'll be 12".
_LATER = re.compile(
    r"^\W*(?:(?:in|after) (?:\w+ ){1,2}?(?:years?|months?|weeks?|days?)\b[^.]*(?:'ll|’ll|\bwill\b)"
    r"|next (?:year|month|week)\b[^.]*(?:'ll|’ll|\bwill\b)"
    r"|(?:再过)?[\d一二两三四五六七八九十]+[年天]后|明年|后年)",
    re.IGNORECASE,
)


def is_later(sentence: str) -> bool:
    """Return whether a sentence speaks of a later time."""
    return _LATER.match(sentence) is not None


def is_remark(sentence: str) -> bool:
    """Return whether a sentence is about the answer.

    Or about something else, and does not state it.
    """
    sentence = clipped(sentence.strip())
    concludes = _WHERE_FIRST.match(sentence) and _THEREFORE.search(sentence)
    if concludes and states(sentence[concludes.end() :]):
        return False
    if (
        _in_brackets(sentence)
        or _REMARK.search(sentence)
        or is_about_accuracy(sentence)
        or _CONTRARY.search(sentence)
        or says_of_another_case(sentence)
    ):
        return True
    return _CONDITION_ALONE.match(sentence) is not None and _VERB.search(sentence) is None


#: A remark that goes on to the conclusion: "of these h = 4 is the best, so the maximum is 36".
_WHERE_FIRST = re.compile(
    r"[\s(（*_]*(?:其中|这里|注意|where|here|note that|notice)", re.IGNORECASE
)
_THEREFORE = re.compile(
    r"[,，;；]\s*(?:所以|因此|故|从而|so|thus|hence|therefore)"
    r"(?:[^\d]{0,20}(?:为|是|\bis\b|\bare\b)|\s*[,，:：]?\s*(?:\$\$|\\\[))",
    re.IGNORECASE,
)


def _in_brackets(sentence: str) -> bool:
    """Return whether prose in brackets makes up a sentence.

    Also where its mark splits it from the closing one.
    """
    bare = sentence.strip(" *_\n")
    if bare[:1] not in ("(", "（") or not re.search(
        r"[A-Za-z]{3,}|[\u3400-\u9fff]{3}|[=≈][^=]*[:：]", re.sub(r"\\[A-Za-z]+", "", bare)
    ):
        return False
    depth = 0
    for at, char in enumerate(bare):
        depth += (char in "(（") - (char in ")）")
        if depth == 0:
            return re.fullmatch(r"[\s.。!！*_✓]*", bare[at + 1 :]) is not None
    return True
