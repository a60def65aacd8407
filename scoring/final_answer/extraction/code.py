"""Program text in an answer: what it prints may be the answer, its assignments are not."""

from __future__ import annotations

import re

_BLOCK = re.compile(
    r"^```[ \t]*(?P<language>[A-Za-z+#]*)[ \t]*\n(?P<code>.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL
)
_LANGUAGES = frozenset(
    (
        "python",
        "py",
        "python3",
        "js",
        "javascript",
        "c",
        "cpp",
        "c++",
        "java",
        "matlab",
        "r",
        "julia",
    )
)
_CODE = re.compile(
    r"^\s*(?:print\s*\(|def |import |from \w+ import|for \w+ in |return )", re.MULTILINE
)
_STATES = re.compile(r"\d")


def without_code(text: str) -> str:
    """Return a text with programs as spaces where numbers follow them; offsets stay."""
    if "```" not in text:
        return text

    def blank(found: re.Match[str]) -> str:
        program = found["language"].lower() in _LANGUAGES or _CODE.search(found["code"])
        if program and _STATES.search(text, found.end()):
            return re.sub(r"[^\n]", " ", found.group())
        return found.group()

    return _BLOCK.sub(blank, text)
