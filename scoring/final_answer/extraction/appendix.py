"""Checks, notes and extras behind an answer, under a heading."""

from __future__ import annotations

import re

from scoring.final_answer.extraction.remarks import is_remark
from scoring.final_answer.extraction.sentences import sentences
from scoring.final_answer.extraction.statements import CALCULATION, FORMULA, states
from scoring.final_answer.extraction.strength import CONCLUDES, overlap
from scoring.final_answer.numerals.plain import plain_numbers

#: A heading under which nothing new is stated: a check, notes, extras. A check may also begin
#: within the last line.
_APPENDIX = re.compile(
    r"(?:(?<=[.。;；!！])[ *(（]*(?=(?:check|verif|验算|检验|验证)[^\s:：]{0,8}[:：][^\n]*\Z)"
    r"|^[\s>*#(（]*)"
    r"(?:quick |double[- ])?(?:check(?:ing)?|verification|verify"
    r"|proof check|sanity check|notes?|remarks?|extra|bonus|tips?|follow[- ]up"
    r"|further|a few (?:things|notes|remarks)|some (?:notes|remarks)"
    r"|things to keep in mind|keep in mind|p\.?s\.?|验算|检验|检查|验证|备注"
    r"|注意?|说明|提示|拓展|补充)(?P<more>[^\n:：]{0,40})[:：]",
    re.IGNORECASE | re.MULTILINE,
)
#: What is checked one by one is a step of the derivation.
_STEP_CHECK = re.compile(
    r"\b(?:each|every|all|which|mod(?:ulo)?|cases?|candidates?|values|whether|if"
    r"|the)\b|逐一|逐个|各|是否|哪",
    re.IGNORECASE,
)


def without_appendix(text: str, asked: frozenset[str]) -> str:
    """Return the text up to a heading for checks or notes.

    Unless a conclusion about what is asked follows it.
    """
    for appendix in _APPENDIX.finditer(text):
        if not FORMULA.search(plain_numbers(text[: appendix.start()])):
            continue
        if _STEP_CHECK.search(appendix["more"]) and CONCLUDES.search(text, appendix.end()):
            continue
        rest = text[appendix.end() :]
        following = [rest[a:b] for a, b in sentences(rest)]
        if (
            _CHECK_HEADING.search(appendix.group())
            and len(following) > 1
            and _resumes(following[-1], asked)
        ):
            continue
        return text[: appendix.start()]
    return text


def _resumes(sentence: str, asked: frozenset[str]) -> bool:
    """Return whether the last sentence behind a check takes up the question again."""
    if not states(sentence) or is_remark(sentence) or _CHECKED.search(sentence):
        return False
    concludes = _SO_FIRST.match(sentence) is not None and CALCULATION.search(sentence) is None
    return overlap(sentence, asked) > 1 or _TAKES_UP.match(sentence) is not None or concludes


#: A line that draws the conclusion by itself.
_SO_FIRST = re.compile(r"(?:\n\s*)?(?:so|thus|hence|therefore|所以|因此)\b", re.IGNORECASE)
_CHECK_HEADING = re.compile(r"check|verif|sanity|验算|检验|检查|验证", re.IGNORECASE)
_CHECKED = re.compile(
    r"[✓✔√]\s*$|\b(?:checks?|correct|holds?|agrees?|match(?:es)?|satisf\w+"
    r"|consistent)\b|正确|成立|符合|一致|吻合|满足"
)
_TAKES_UP = re.compile(
    r"\s*[*#]*\s*(?:最后|综上|答|因此最终|finally|all solutions"
    r"|the (?:final )?answer|in conclusion|to conclude)",
    re.IGNORECASE,
)
