"""What concludes a text that neither boxes nor announces its answer.

The chosen sentence, or the list that it ends, from the word on that draws the conclusion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scoring.final_answer.extraction.appendix import without_appendix
from scoring.final_answer.extraction.candidates import Candidates, best, named_last
from scoring.final_answer.extraction.code import without_code
from scoring.final_answer.extraction.statements import BULLET, states
from scoring.final_answer.extraction.strength import overlap
from scoring.final_answer.question.named import goes_to_another
from scoring.final_answer.question.question import content
from scoring.final_answer.spelling.writing import END_MARKS

THEN = re.compile(
    r"(?:^|(?<=[\s,，;；。:：(…]))(?:therefore|hence|thus|so(?!\s+(?:does|is|do"
    r"|are|that|on|far|long|many|much)\b)|consequently|accordingly|altogether"
    r"|overall|we (?:get|have|find|obtain|conclude)|it follows that|that means"
    r"|this means|因此|所以|故|从而|于是|可得|得到|可见|综上"
    r"|解得|求得|即|(?=∴))(?:∴|(?![A-Za-z可事]))\s*[,，:：]?\s*(?:that\s+)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """The stretch of a text that concludes it; ``lead`` is where its list or sentence begins."""

    start: int
    end: int
    lead: int


#: When an extremum is attained: no part of its value.
_EQUALITY = re.compile(
    r"[,，]?\s*当(?:且仅当)?[^。]{0,80}?(?:取等号?|等号成立)[^。\n]*"
    r"|[,，]\s*等号(?!不)[^。\n]*"
)
#: A line in brackets below an answer that says that it checks.
_CHECKED_LINE = re.compile(
    r"(?<=\n)[ \t]*[(（](?=[^\n]*(?:吻合|相符|一致|成立|正确|符合|满足|[✓✔]|\bchecks?\b|\bagrees?\b"
    r"|\bmatch))[^\n]*[)）][.。]?[ \t]*(?=\n|$)",
    re.IGNORECASE,
)


def conclusion(
    text: str, asked: frozenset[str] = frozenset(), heads: frozenset[str] = frozenset()
) -> Concluded | None:
    """Return what concludes a text, None where nothing is stated.

    ``asked`` are the words of the question, ``heads`` what it calls the thing asked for.
    """
    if (shown := _pointed_at(text)) is not None:
        return shown
    text = without_code(without_appendix(text, asked))
    for aside in (END_MARKS, _EQUALITY, _CHECKED_LINE):
        text = aside.sub(lambda m: " " * len(m.group()), text)
    useful = Candidates(text)
    at = named_last(useful, heads)
    at = best(useful, asked) if at is None else at
    place = useful.place(at)
    if place is None:
        return None
    start, end = place
    if BULLET.match(text[start:end]) and _is_short(place):
        start = _list_start(useful, at)
    begin = start
    for then in THEN.finditer(text, start, end):
        if _lists_counted(text, then.start(), then.end()):
            continue
        tail = text[then.end() : end]
        if begin == start and goes_to_another(text[start : then.start()], tail, heads):
            return Concluded(start=start, end=then.start(), lead=start)
        if states(tail) and tail and not _leads_away(text[start : then.start()], tail, asked):
            begin = then.end()
    return Concluded(start=begin, end=end, lead=start)


#: A value that an arrow behind it points out: "89 144 <- that one".
_POINTED_AT = re.compile(
    r"(?P<value>-?[\d.,/]*\d)[ \t]*(?:<-+|←)[ \t]*(?:that|this|here|it"
    r"|(?:the |my |final )*answer|答|就是)",
    re.IGNORECASE,
)


def _pointed_at(text: str) -> Concluded | None:
    if "<-" not in text and "←" not in text:
        return None
    found = list(_POINTED_AT.finditer(text))
    if not found:
        return None
    start, end = found[-1].span("value")
    return Concluded(start=start, end=end, lead=start)


def _leads_away(lead: str, tail: str, asked: frozenset[str]) -> bool:
    """Return whether a clause with what is asked goes on to something else: 15 left, so ..."""
    return (
        len(content(tail)) > 1
        and overlap(tail, asked) == 0 < overlap(lead, asked)
        and _SAYS_VALUE.search(lead) is not None
    )


_SAYS_VALUE = re.compile(
    r"(?:\b(?:is|are|has|have|equals?|leaves?|remain\w*|total\w*)|=)\s+\W{0,4}-?\d[\d.,]*\**"
    r"(?:\s+[a-z]+){0,3}[,;.\s]*(?:and\s*)?$",
    re.IGNORECASE,
)


def _lists_counted(text: str, start: int, end: int) -> bool:
    """Return whether a stretch joins a count and the list of what was counted: 共2个解，即2和-2."""
    return (
        text[start:end].startswith("即")
        and _COUNT.search(text, max(0, start - 24), start) is not None
        and _LIST.match(text, end) is not None
    )


_COUNT = re.compile(r"(?:\d|[一二两三四五六七八九十])\s*[个种对组条][^，,。]{0,8}[，,:：]\s*$")
_LIST = re.compile(r"[^，。,、和或\n]{1,20}[、和或,，]\s*[-\d$\\a-z]")


def _list_start(useful: Candidates, at: int) -> int:
    """Return where the list begins that ends with a short item."""
    item = useful.place(at)
    start = 0
    while item is not None and _is_short(item) and BULLET.match(useful.text[slice(*item)]):
        start = item[0]
        at += 1
        item = useful.place(at)
    return start


def _is_short(item: tuple[int, int]) -> bool:
    """Return whether a list item is a result and no step of a derivation."""
    return item[1] - item[0] <= 40
