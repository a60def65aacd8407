"""Emoticons: signs that state nothing and would pass for colons and brackets."""

from __future__ import annotations

import re

_EMOTICON = re.compile(
    r"(?<![\w)])(?:[:;]-?\)|[:;]-?[DP](?![\w])|:-?\((?=\s*(?:\n|$))|\^_+\^|[xX]D(?=\s*(?:\n|$)))"
)


#: Pictures; ➕, 🟰 and the like are signs, ✅ and ❌ say something.
_PICTURE = re.compile("[\U0001f300-\U0001f7df\U0001f900-\U0001faff]")


def without_emoticons(text: str) -> str:
    """Return a text with emoticons as spaces, so that offsets stay."""
    if not text.isascii():
        text = _PICTURE.sub(" ", text)
    if not any(mark in text for mark in (":", ";", "^_", "D")):
        return text
    return _EMOTICON.sub(lambda m: " " * len(m.group()), text)
