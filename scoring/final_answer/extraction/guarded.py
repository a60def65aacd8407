"""Patterns that are tried only on texts that hold one of their words.

Most sentences hold none, and plain words are found far faster than the pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Stands for the words in the pattern of an alternative.
WORDS = "WORDS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A pattern, and the words of which each of its matches holds one."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]

    def may_match(self, text: str) -> bool:
        """Return whether a text holds one of the words."""
        lower = text.lower()
        return any(word in lower for word in self.words)

    def search(self, text: str) -> re.Match[str] | None:
        """Return the first match in a text."""
        return self.pattern.search(text) if self.may_match(text) else None

    def all(self, text: str) -> list[re.Match[str]]:
        """Return all matches in a text."""
        return list(self.pattern.finditer(text)) if self.may_match(text) else []


def guarded(*alternatives: tuple[tuple[str, ...], str]) -> Guarded:
    """Return the pattern of some alternatives, each with its words in small letters.

    ``WORDS`` in an alternative stands for any of its words.
    """
    for words, pattern in alternatives:
        if WORDS not in pattern or any(word != word.lower() for word in words):
            raise ValueError(
                f"{pattern!r} lacks {WORDS}, or a word is not in small letters: {words}"
            )
    filled = [
        pattern.replace(WORDS, f"(?:{'|'.join(map(re.escape, words))})")
        for words, pattern in alternatives
    ]
    return Guarded(
        words=tuple(dict.fromkeys(word for words, _ in alternatives for word in words)),
        pattern=re.compile("|".join(filled), re.IGNORECASE),
    )
