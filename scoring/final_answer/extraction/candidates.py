"""The sentences that may conclude a text, and the choice of one of them.

Remarks are passed over. Of what stands behind the last calculation, a sentence that concludes
("so", 所以, a bold line) or speaks of what is asked counts more than a plain one after it; among
equals the last counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scoring.final_answer.extraction.asides import comments_only
from scoring.final_answer.extraction.denials import denies
from scoring.final_answer.extraction.refusals import refuses
from scoring.final_answer.extraction.remarks import is_elsewhere, is_later, is_remark
from scoring.final_answer.extraction.sentences import sentences
from scoring.final_answer.extraction.statements import clipped, states
from scoring.final_answer.extraction.strength import (
    NAMES_IT,
    SAYS_IT,
    WHICH_IS,
    goes_on,
    is_finished,
    is_strong,
    overlap,
)
from scoring.final_answer.numerals.plain import plain_numbers
from scoring.final_answer.question.named import is_pair_of_labels, names_last

#: How many sentences at the end are considered.
TAIL = 12
#: How many sentences from the end are looked at; no list is longer.
MAX_USEFUL = 10 * TAIL


class Candidates:
    """The last sentences that state a value, remarks only where nothing else does.

    They are counted from the end, and looked for as they are asked for: few decide.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._known: list[tuple[int, int]] = []
        self._further = _found(text)

    def place(self, back: int) -> tuple[int, int] | None:
        """Return where one stands, 0 for the last; None where there are fewer."""
        while len(self._known) <= back:
            span = next(self._further, None)
            if span is None:
                return None
            self._known.append(span)
        return self._known[back]

    def sentence(self, back: int) -> str:
        """Return one as written; empty where there are fewer."""
        place = self.place(back)
        return "" if place is None else self.text[slice(*place)]


def _found(text: str) -> Iterator[tuple[int, int]]:
    """Yield the sentences that state a value, the last first, or the last remark that does."""
    remark: tuple[int, int] | None = None
    useful = 0
    for span in reversed(sentences(text)):
        sentence = text[slice(*span)]
        if not states(sentence) or refuses(sentence):
            continue
        if is_remark(sentence) or denies(sentence):
            remark = remark or span
            continue
        yield span
        useful += 1
        if useful == MAX_USEFUL:
            return
    if remark is not None and not useful:
        yield remark


def named_last(useful: Candidates, heads: frozenset[str]) -> int | None:
    """Return the sentence that names what is asked with its value, behind it comments alone."""
    for at in range(TAIL):
        sentence = clipped(useful.sentence(at))
        if names_last(sentence, heads):
            return at
        if not sentence or not comments_only(sentence, heads):
            return None
    return None


def best(useful: Candidates, asked: frozenset[str]) -> int:
    """Return which sentence of the tail concludes.

    The last, unless it is plain and one before it concludes better.
    """
    if (labelled := _labelled(useful, asked)) is not None:
        return labelled
    last = 0
    while last < TAIL - 1 and _is_aside(useful.sentence(last), asked) and useful.place(last + 1):
        last += 1
    sentence = useful.sentence(last)
    about = overlap(sentence, asked)
    if (
        is_pair_of_labels(clipped(sentence))
        or is_strong(sentence)
        or (about and SAYS_IT.search(sentence))
        or NAMES_IT.search(clipped(sentence))
        or WHICH_IS.match(sentence)
        or not useful.place(last + 1)
    ):
        return last
    if goes_on(sentence):
        # A calculation goes on, unless it only fills a sentence after the conclusion.
        before = useful.sentence(last + 1)
        better = is_strong(before) and overlap(before, asked) > about
        return last + 1 if better and _WORDS.search(sentence) else last
    for at in range(last + 1, last + TAIL):
        piece = useful.sentence(at)
        if piece and _concludes_better(piece, asked, about):
            return at
        if not piece or goes_on(piece):
            break
    return last


def _concludes_better(sentence: str, asked: frozenset[str], about: int) -> bool:
    """Return whether a sentence concludes a text better than a plain one further down."""
    before = overlap(sentence, asked)
    bare = not re.search(r"[A-Za-z]{3,}|[\u3400-\u9fff]{2}", re.sub(r"\\[A-Za-z]+", " ", sentence))
    if is_strong(sentence) and before >= about and (not bare or "**" in sentence):
        return True
    return before > about and (is_finished(sentence) or _says_it(sentence))


def _says_it(sentence: str) -> bool:
    """Return whether a sentence says what its subject is, its number in digits or words."""
    return SAYS_IT.search(plain_numbers(clipped(sentence))) is not None


def _labelled(useful: Candidates, asked: frozenset[str]) -> int | None:
    """Return which of several values with a label each, at the end, has that of the question."""
    about: list[int] = []
    while len(about) < TAIL and _LABELLED.match(clipped(piece := useful.sentence(len(about)))):
        about.append(overlap(piece, asked))
    if len(about) < 2 or about[0] > 0 or about.count(max(about)) != 1:
        return None
    if _SUMMED.match(useful.sentence(0)):
        return None
    return about.index(max(about))


_SUMMED = re.compile(
    r"\W*(?:(?:grand |final )?(?:total|sum|result|answer|difference|remain\w*|left|change|profit)\b"
    r"|总|共|合计|结果|答|剩|差|和)",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"^\W*(?:[A-Za-z][A-Za-z' ]{1,40}|[\u3400-\u9fff]{1,10})\s*[:：=]\s*"
    r"[$*]{0,4}-?\d[\d.,]*[^\d=]{0,16}$"
)
_WORDS = re.compile(r"(?:[A-Za-z]{2,}\s+){4}|[\u3400-\u9fff]{6}")


def _is_aside(sentence: str, asked: frozenset[str]) -> bool:
    if is_later(sentence) and "later" not in asked:
        return True
    return is_elsewhere(sentence) and not asked & {"remai", "left", "other", "next", "rest"}
