"""Evidence that a step's own description implies: its number beside the words for it.

``x = 1600`` asks for the letter; "the best split is 1600 cars on the bridge" shows the same step
without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from problems.evidence import ValueEvidence
from problems.schema import Step

_NUMBER = re.compile(r"(?<![\w.^_{/])[-−]?\d+(?:\.\d+)?(?:/\d+)?(?![\w.^/]|\s*[%)])")
_CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")
_ENGLISH = re.compile(r"[A-Za-z]{4,}")
_PLAIN = frozenset(
    (
        "with",
        "that",
        "this",
        "from",
        "gives",
        "have",
        "write",
        "find",
        "hence",
        "then",
        "than",
        "each",
        "both",
        "their",
    )
)
_EMPTY = re.compile(r"[的为是得由有在和与或即其共可求出]")
#: Small whole numbers stand everywhere and show nothing.
SMALLEST = 10.0


def numbers_in(texts: Iterable[str]) -> frozenset[float]:
    """Return the numbers written in some texts."""
    return frozenset(
        float(number) for text in texts for number in re.findall(r"\d+(?:\.\d+)?", text)
    )


def described_values(
    step: Step, constants: list[float], taken: frozenset[float]
) -> Iterator[ValueEvidence]:
    """Yield a value with its words for each number of the description that evidence names.

    Numbers ``taken`` by the statement or by other steps show nothing of this one.
    """
    near: dict[str, list[str]] = {}
    for text in step.describe.values():
        for found in _NUMBER.finditer(text):
            written = found.group().replace("−", "-")
            top, _, bottom = written.partition("/")
            value = float(top) / float(bottom or 1)
            distinctive = (abs(value) >= SMALLEST or value != int(value)) and value not in taken
            if distinctive and any(
                abs(value - other) <= 1e-9 * max(1.0, abs(other)) for other in constants
            ):
                words = [
                    *_beside(
                        text[max(0, found.start() - 24) : found.start()],
                        text[found.end() : found.end() + 24],
                    )
                ]
                near.setdefault(written, []).extend(words)
    for written, words in near.items():
        if words:
            yield ValueEvidence(value=written, near=tuple(dict.fromkeys(words)))


def _beside(before: str, after: str) -> Iterator[str]:
    """Yield the distinctive words around a number: Chinese pairs of characters, English words."""
    clause = re.split(r"[,，;；:：、(（]", before)[-1]
    for run in _CHINESE.findall(clause)[-1:]:
        for at in range(len(run) - 1):
            if not _EMPTY.search(run[at : at + 2]):
                yield run[at : at + 2]
    following = re.split(r"[,，;；:：、)）]", after)[0]
    for word in [*_ENGLISH.findall(clause)[-3:], *_ENGLISH.findall(following)[:3]]:
        if word.lower() not in _PLAIN:
            yield word
