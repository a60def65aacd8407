"""A word that must stand near a formula for it to show a step, prepared for the search."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NearWord:
    """One word: an English one as patterns, any other as it stands without spaces."""

    around: re.Pattern[str] | None = None
    #: Looked for without spaces, braces, backslashes and dollar signs.
    tight: re.Pattern[str] | None = None
    squeezed: str = ""

    @classmethod
    def of(cls, word: str) -> NearWord:
        """Prepare a word of the evidence."""
        if not word.isascii():
            return cls(squeezed="".join(word.split()))
        head = r"(?<![A-Za-z])" if word[:1].isalpha() else ""
        plain = head + re.escape(word.replace("{", "").replace("}", ""))
        tail = "(?![A-Za-z])" if len(word) < 3 and word[-1:].isalpha() else ""
        return cls(
            around=re.compile(plain + tail, re.IGNORECASE if len(word) > 2 else 0),
            tight=re.compile(plain) if len(word) < 6 else None,
        )

    def stands_in(self, around: str, tight: str) -> bool:
        """Return whether it stands in a text, given as written and without what `tight` drops."""
        if self.around is None:
            return self.squeezed in tight
        if self.around.search(around):
            return True
        return self.tight is not None and self.tight.search(tight) is not None
