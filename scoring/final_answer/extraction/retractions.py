"""What a text takes back: values struck out, called wrong, or replaced by others."""

from __future__ import annotations

import re

from scoring.final_answer.extraction.guarded import guarded

_STRUCK = re.compile(r"~~(?=\S)[^~\n]{1,200}~~|\\s?(?:cancel|sout|st)\s*\{[^{}\n]{1,100}\}")
#: Words that call a value wrong.
_WRONG = (
    "wrong", "incorrect", "mistaken", "invalid", "false", "not right", "not correct", "not true",
    "not the answer", "a mistake", "an error", "a typo", "错误", "错的", "错了", "不对", "不正确",
    "有误", "✗", "✘", "❌",
)  # fmt: skip
_SUBJECT = r"(?:which|this|that|it|the (?:answer|value|result))"
#: A value that is called wrong right behind it, with nothing else offered.
_REJECTED = guarded(
    (
        _WRONG,
        (
            r"(?P<value>-?\d[\d.,/]*)(?P<unit>[^\d\n]{0,24}?)\s*"
            rf"(?:[,，;；:：(（—–-]+\s*|\bbut\s+|是|\s)\s*(?:but\s+)?(?:{_SUBJECT}\s+)?"
            rf"(?:(?:is|was|are|'s)\s+)?(?:obviously |clearly |actually |还?是)?WORDS"
            r"\s*[!！.。)）*$✓]*\s*(?=\n|$)"
        ),
    ),
)
#: Where a value that is called wrong is replaced by another one.
_REPLACED = guarded(
    (
        _WRONG,
        (
            r"(?<!\bno )(?<!\bnot )WORDS[^\d\n]{0,40}?"
            r"(?:\b(?:should|must|ought to)\s+(?:(?:really|actually|rather|instead|in fact)\s+)?"
            r"(?:be|have been|read|say)\b"
            r"|\b(?:the )?(?:correct|right|actual|true) (?:answer|value|result|one)(?: is|:)"
            r"|应(?:该|当)?(?:是|为|改为)|改为|正确(?:答案)?(?:的)?(?:是|为|应为|[:：]))\s*[:：]?"
        ),
    ),
)
#: Where a value is replaced right behind it: "31, sorry, 29".
_MENDED = guarded(
    (
        (
            "sorry",
            "oops",
            "i mean",
            "i meant",
            "make that",
            "scratch that",
            "correction",
            "不对",
            "哦不",
        ),
        (
            r"(?<=[\w%°})])\s*[,，;；.…—–-]+\s*WORDS\s*[,，:：]?\s*"
            r"(?:(?:it's|that's|it is|should be|应该?是|是)\s*)?(?=[$\\(*]*-?\d)"
        ),
    ),
)


def without_struck(text: str) -> str:
    """Return a text with what it strikes out as spaces, so that offsets stay."""
    if "~~" not in text and "\\" not in text:
        return text
    return _STRUCK.sub(lambda m: " " * len(m.group()), text)


def replaced(text: str) -> int | None:
    """Return where what replaces a value called wrong begins, None where nothing does."""
    found = sorted((*_REPLACED.all(text), *_MENDED.all(text)), key=lambda m: m.end())
    last = found[-1] if found else None
    if last is None or not re.search(r"\d", text[: last.start()]):
        return None
    return last.end() if re.match(r"[\s*$\\(]*-?(?:\d|\\)", text[last.end() :]) else None


def rejected(text: str) -> str | None:
    """Return the value that the end of a text calls wrong, None where it calls none so."""
    found = _REJECTED.search(text)
    return None if found is None else found["value"].rstrip(".,")
