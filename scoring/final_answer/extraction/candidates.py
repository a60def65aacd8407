"""The sentences that may conclude a text, and the choice of one of them.

Remarks are passed over. Of what stands behind the last calculation, a sentence that concludes
("so", 所以, a bold line) or speaks of what is asked counts more than a plain one after it; among
equals the last counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from scoring.final_answer.extraction.asides import (
    comments_only,
)
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


def candidates(text: str) -> list[tuple[int, int]]:
    """Return the last sentences that state a value, remarks only where nothing else does."""
    remark: list[tuple[int, int]] = []
    useful: list[tuple[int, int]] = []
    for span in reversed(sentences(text)):
        sentence = text[slice(*span)]
        if not states(sentence) or refuses(sentence):
            continue
        if is_remark(sentence) or denies(sentence):
            remark = remark or [span]
            continue
        useful.append(span)
        if len(useful) == MAX_USEFUL:
            break
    return useful[::-1] or remark


def named_last(text: str, useful: Sequence[tuple[int, int]], heads: frozenset[str]) -> int | None:
    """Return the sentence that names what is asked with its value, behind it comments alone."""
    for at in range(len(useful) - 1, max(-1, len(useful) - 1 - TAIL), -1):
        sentence = clipped(text[slice(*useful[at])])
        if names_last(sentence, heads):
            return at
        if not comments_only(sentence, heads):
            return None
    return None


def best(text: str, useful: Sequence[tuple[int, int]], asked: frozenset[str]) -> int:
    """Return which sentence of the tail concludes.

    The last, unless it is plain and one before it concludes better.
    """
    pieces = [text[start:end] for start, end in useful]
    last = len(pieces) - 1
    if (labelled := _labelled(pieces, asked)) is not None:
        return labelled
    while last > 0 and len(pieces) - last < TAIL and _is_aside(pieces[last], asked):
        last -= 1
    about = overlap(pieces[last], asked)
    if last == 0 or is_pair_of_labels(clipped(pieces[last])):
        return last
    if (
        is_strong(pieces[last])
        or (about and SAYS_IT.search(pieces[last]))
        or NAMES_IT.search(clipped(pieces[last]))
    ):
        return last
    if WHICH_IS.match(pieces[last]):
        return last
    if goes_on(pieces[last]):
        # A calculation goes on, unless it only fills a sentence after the conclusion.
        better = is_strong(pieces[last - 1]) and overlap(pieces[last - 1], asked) > about
        return last - 1 if better and _WORDS.search(pieces[last]) else last
    for at in range(last - 1, max(-1, last - TAIL), -1):
        before = overlap(pieces[at], asked)
        bare = (
            re.search(r"[A-Za-z]{3,}|[\u3400-\u9fff]{2}", re.sub(r"\\[A-Za-z]+", " ", pieces[at]))
            is None
        )
        if (is_strong(pieces[at]) and before >= about and (not bare or "**" in pieces[at])) or (
            before > about and (is_finished(pieces[at]) or _says_it(pieces[at]))
        ):
            return at
        if goes_on(pieces[at]):
            break
    return last


def _says_it(sentence: str) -> bool:
    """Return whether a sentence says what its subject is, its number in digits or words."""
    return SAYS_IT.search(plain_numbers(clipped(sentence))) is not None


def _labelled(pieces: Sequence[str], asked: frozenset[str]) -> int | None:
    """Return which of several values with a label each, at the end, has that of the question."""
    first = len(pieces)
    while first > 0 and len(pieces) - first < TAIL and _LABELLED.match(clipped(pieces[first - 1])):
        first -= 1
    about = [overlap(piece, asked) for piece in pieces[first:]]
    if len(about) < 2 or about[-1] > 0 or about.count(max(about)) != 1:
        return None
    if _SUMMED.match(pieces[-1]):
        return None
    return first + about.index(max(about))


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
