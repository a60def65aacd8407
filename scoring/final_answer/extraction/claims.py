"""What others are said to have found: "my brother says 74", 书上是45."""

from __future__ import annotations

import re

_WHO = (
    r"(?:brothers?|sisters?|friends?|mates?|teachers?|books?|mum|mom|dad|classmates?|neighbou?rs?|tutors?"
    r"|calculators?|cousins?|partners?|key|others?)"
)
_OTHERS = re.compile(
    rf"(?:^|[,;.]\s*|\s)(?:(?:but|and|while|though|although)\s+)?(?:my|the|a|his|her|your|our|some)\s+"
    rf"(?:\w+\s+)?{_WHO}\s+(?:says?|said|got|gets?|thinks?|has|had|claims?|wrote|gives?)\b[^,;.]*"
    r"|[,，;；。]\s*(?:但|可|而)?(?:是)?"
    r"(?:同桌|同学|书上|老师|我?哥哥?|我?弟弟?|我?姐姐?|我?妹妹?|别人|他|她)"
    r"(?:算|说|写|做)?(?:的|出来|得|是|出)*[^,，;；。\d]{0,3}\d[^,，;；。]*",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"\bI(?:['’]m)?\s+(?:\w+\s+)?"
    r"(?:get|got|getting|have|find|found|think|say|make)\b|\bmine\b|我",
    re.IGNORECASE,
)
#: Words by which a writer follows the others, or takes no side.
_YIELDS = re.compile(
    r"\bnot sure\b|\bwho(?:'s| is)\b|\bwhich\b|\b(?:they|s?he|it)(?:'re| are|'s| is) right\b"
    r"|不知|谁对|[他她]们?对|听",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(
    r"\b(?:trust|believe|go(?:ing)? with)\s+(?:the|him|her|them|his|hers|theirs|my)\b",
    re.IGNORECASE,
)
_KEY = re.compile(_WHO + r"|同桌|同学|书上|老师|哥|弟|姐|妹|别人|他|她", re.IGNORECASE)


def without_claims(sentence: str) -> str:
    """Return a sentence without what others found, where its writer found something too."""
    if _KEY.search(sentence) is None or _OWN.search(sentence) is None:
        return sentence
    followed = _FOLLOWS.search(sentence)
    if followed is not None and re.search(r"\d", sentence[followed.start() :]):
        return sentence[followed.start() :]
    if followed is not None or _YIELDS.search(sentence):
        return sentence
    left = _OTHERS.sub(" ", sentence)
    return left if re.search(r"\d", left) else sentence
