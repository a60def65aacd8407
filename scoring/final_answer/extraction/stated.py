"""The stretch of a text that states its answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A stretch of the text that states the answer.

    ``how`` is boxed, cue or end; ``text`` is what to read.

    ``start`` and ``end`` are offsets into the searched text; ``text`` may join several boxes.
    """

    start: int
    end: int
    how: str
    text: str
    #: What stands before an answer without announcement, for one that is spread over lines.
    before: str = ""
