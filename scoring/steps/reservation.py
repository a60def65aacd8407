"""Reasons not to trust a place that shows a step in an answer that fails.

The place stands in a sentence that breaks off, is announced as a goal, or its formula goes on to
something false. Such a step is undetermined, unless another place shows it without reservation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scoring.answer.parsed_answer import ParsedAnswer
from scoring.steps.matcher import Hit

#: What makes the formula after it a goal.
_ANNOUNCED = re.compile(
    r"(?:\b(?:we|it) (?:only )?needs? (?:to (?:show|prove|check|see|have)|that\b)?|\bwe need\b"
    r"|\benough to (?:show|prove|check)|\bsuffices? to (?:show|prove|check)"
    r"|\bwant to (?:show|prove)|要证明?|欲证|目标是)[^。.;；\n]{0,30}$",
    re.IGNORECASE,
)
#: The last character of a text that breaks off.
_BROKEN_OFF = re.compile(r"[A-Za-z\u3400-\u9fff,，、:：=+\-*/^_(\[{&\\]$")
BEFORE = 60


@dataclass(frozen=True, slots=True)
class Reservations:
    """Judges the places in an answer whose result is wrong or not there.

    Offsets are those of the normalised text.
    """

    parsed: ParsedAnswer
    #: Where the answer says something false, and where its result stands.
    false: tuple[tuple[int, int], ...]
    result: tuple[int, int] | None

    def of(self, hit: Hit) -> str:
        """Return why a place is not to be trusted, or nothing."""
        sentence = self.parsed.sentence_at(hit.start)
        if sentence == len(self.parsed.sentences) - 1 and self._breaks_off():
            return "the answer breaks off in this sentence"
        start = max(self.parsed.sentences[sentence].start, hit.start - BEFORE)
        if _ANNOUNCED.search(self.parsed.text[start : hit.start]):
            return "announced as a goal"
        if self._goes_wrong(hit):
            return "the formula goes wrong after it"
        return ""

    def _breaks_off(self) -> bool:
        return _BROKEN_OFF.search(self.parsed.text.rstrip(" \n$`")) is not None

    def _goes_wrong(self, hit: Hit) -> bool:
        """Return whether the chain of a place goes on to something false or to the result."""
        chain = self.parsed.chain_at(hit.start)
        if chain is None or not chain.start < hit.end < chain.end:
            return False
        if any(hit.end <= end and start < chain.end for start, end in self.false):
            return True
        if self.result is None:
            return False
        start, end = self.result
        ends_there = re.search(r"\w", self.parsed.text[chain.end : end]) is None
        return start < chain.end and hit.end <= end and ends_there
