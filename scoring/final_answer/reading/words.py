"""Answers in words: the kind of a curve.

A name, yes or no, and the words for no solution or all real numbers.
"""

from __future__ import annotations

import itertools
import re

from scoring.final_answer.equivalence.wordings import conditions
from scoring.final_answer.extraction.remarks import is_remark
from scoring.final_answer.extraction.sentences import sentences
from scoring.final_answer.extraction.stated import Stated
from scoring.final_answer.forms.form import Form, Several, Span, Spans, Words

_BOLD_WORDS = re.compile(r"\*\*(?P<inside>[^*\n:：]{1,60})\*\*")
_NO_SOLUTION = re.compile(
    r"\bno\s+(?:(?:real|such|integer|whole|positive|rational|valid|possible|common)\s+)*"
    r"(?:solutions?|roots?|values?|numbers?|integers?"
    r"|\w+\s+(?:satisf|work|exist))|\b(?:solution\s+)?set\s+is\s+(?:the\s+)?empty"
    r"|\b(?:does|do) not exist|\b(?:doesn't|don't) exist"
    r"|\bnever\s+(?:true|satisfied)|\binconsistent\b|无(?:实数)?解|空集"
    r"|没有(?:实数)?(?:解|根)|方程无|不存在",
    re.IGNORECASE,
)
_REALS = (
    r"(?:\b(?:all|every|any)\s+(?:other\s+)?reals?(?:\s+numbers?)?(?:\s+[a-z]\b)?"
    r"|全体实数|任意实数|一切实数|所有实数|(?<![A-Za-z])ℝ)"
)
_ALL_REALS = re.compile(_REALS, re.IGNORECASE)
#: Real numbers without some points, in words or as a difference of sets.
_POINTS = (
    r"(?P<points>-?[\w.\\/{}π]+(?:\s*(?:,|，|、|and|or|和|与"
    r"|及)\s*(?:[a-zA-Z]\s*=\s*)?-?[\w.\\/{}π]+)*?)"
)
_EXCEPT = re.compile(
    rf"{_REALS}\s*,?\s*(?:except|but|other than|excluding|apart from|besides"
    rf"|without|not equal to|(?:that|which)\s+(?:is|are)\s+not|with|≠)(?:\s+(?:for"
    rf"|the|not|point|numbers?|values?))*\s*(?:[a-zA-Z]\s*[=≠]\s*)?"
    rf"{_POINTS}\s*[.。]?\s*$"
    rf"|除(?:了|去)?\s*(?:[a-zA-Z]\s*=\s*)?{_POINTS.replace('points', 'zh')}\s*(?"
    rf":以?外|之外)的?(?:全体|所有|一切|任意)实数",
    re.IGNORECASE,
)
_DIFFERENCE = re.compile(
    r"(?:^|[\s=∈:])(?:ℝ|R)\s*(?:\\setminus|\\backslash|\\(?=\s*\\?\{)"
    r"|[-−–∖])\s*\\?\{\s*(?P<points>[^{}]+?)\s*\\?\}"
)


def last_words(text: str) -> Stated | None:
    """Return the last bold words or the last sentence that is not a remark.

    For an answer that is no number.
    """
    bold = list(_BOLD_WORDS.finditer(text))
    if bold:
        return Stated(
            start=bold[-1].start(), end=bold[-1].end(), how="end", text=bold[-1]["inside"]
        )
    spans = sentences(text)
    useful = [s for s in spans if not is_remark(text[s[0] : s[1]])] or spans
    if not useful:
        return None
    start, end = useful[-1]
    return Stated(start=start, end=end, how="end", text=text[start:end])


def phrase(text: str) -> Form | None:
    """Return what words for the empty set.

    For all real numbers, or for all but some of them state.
    """
    if (without := _without_points(text)) is not None:
        return without
    if _NO_SOLUTION.search(text):
        return Several(())
    if _ALL_REALS.search(text) and not re.search(
        r"except|\bbut\b|\bfrom\b|other than|excluding|outside|\b(?:less|greater|more|at least"
        r"|at most|between|above|below)\b|[大小]于|除|≠|[<>≤≥\\∖]",
        text,
    ):
        return Spans((Span("-∞", "∞", low_in=False, high_in=False),))
    return None


def _without_points(text: str) -> Spans | None:
    found = (_DIFFERENCE.search(text) if "{" in text else None) or _EXCEPT.search(text)
    if found is None:
        return None
    written = found["points"] or found.groupdict().get("zh") or ""
    points = [
        re.sub(r"^[a-zA-Z]\s*=\s*", "", p.strip())
        for p in re.split(r"[,，、;]|\band\b|\bor\b|[和与及]", written)
    ]
    points = [p for p in points if p]
    if not points or any(re.search(r"[A-Za-z]{3}", re.sub(r"\\[A-Za-z]+", "", p)) for p in points):
        return None
    if all(re.fullmatch(r"-?\d+(?:\.\d+)?", p) for p in points):
        points.sort(key=float)
    ends = ["-∞", *points, "∞"]
    return Spans(tuple(Span(a, b, False, False) for a, b in itertools.pairwise(ends)))


_NEGATED = re.compile(
    r"[,，–—-]?\s*(?:\bnot|\bneither|\bnor|\brather than|\binstead of|\bunlike"
    r"|\bno)\s+(?:an?\s+|the\s+)?[A-Za-z]+(?:\s*,?\s*(?:or|nor"
    r"|and not)\s+(?:an?\s+)?[A-Za-z]+)*|(?:而)?不是[\u4e00-\u9fff]{1,6}",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"[,，]\s*(?:for|in|of|to|by|with)?\s*(?:which|where|whose|because|since"
    r"|as)\b.*$|(?<=\S)\s+(?:because|since)\b.*$",
    re.IGNORECASE | re.DOTALL,
)


def predicate(text: str, wanted: Words, statement: str) -> Form | None:
    """Return the words that a sentence concludes: "the function is odd (not even)" states odd.

    Where the question offers words to choose from, or names people, the one that the sentence
    affirms counts.
    """
    text = re.sub(r"\([^()]*\)|（[^（）]*）", " ", text)
    if (short := _short_option(text, wanted.text, statement)) is not None:
        return Words(short)
    options = _options(wanted.text, statement)
    if options and not _affirmed(text, options):
        denied = re.search(rf"\bnot\s+(?:an?\s+)?{re.escape(wanted.text)}\b", text, re.IGNORECASE)
        return Words(f"not {wanted.text}") if denied else None
    if options and (said := _affirmed(text, options)):
        compared = len({w.lower() for w in said}) > 1 and re.search(r"\bthan\b|比", text)
        return Words(said[0] if compared else said[-1])
    text = _RELATIVE.sub(" ", text)
    if re.match(r"not\b|不是", wanted.text, re.IGNORECASE) is None and not re.search(
        r"\b(?:yes|no)\b", wanted.text, re.IGNORECASE
    ):
        text = _NEGATED.sub(" ", text)
    found = list(
        re.finditer(
            r"(?:\b(?:is|are|was|be|means|called|an?)\b|'s\b)\s+(?:therefore|thus|an?|the"
            r"|called)?\s*|[为是叫]",
            text,
        )
    )
    if not found:
        few = text.strip(" .。!*$\n")
        few = re.sub(r"^(?:but|rather|instead)\s+(?:an?\s+|the\s+)?", "", few)
        return Words(few) if 0 < len(few.split()) <= 2 else None
    said_text = re.split(r"[.,;，。；–—]", text[found[-1].end() :])[0].strip(" *$")
    return Words(said_text) if 0 < len(said_text.split()) <= 4 else None


_YES = frozenset(("yes", "yep", "yup", "yeah"))
_NO = frozenset(("no", "nope", "nah"))
_SAID = "|".join(sorted(_YES | _NO))
_YES_OR_NO = re.compile(r"\b(?:yes|no)\b", re.IGNORECASE)


def yes_or_no(text: str, wanted: Words, statement: str) -> Words | None:
    """Return the yes or no that a sentence begins or ends with, where one is wanted."""
    if _YES_OR_NO.fullmatch(wanted.text.strip()) is None:
        return None
    said = re.match(
        rf"\W*(?:(?:so|thus|hence|therefore|then),?\s+)?({_SAID})\b(?=\W)", text, re.IGNORECASE
    ) or re.search(rf"\b({_SAID})\W*$", text, re.IGNORECASE)
    if said is None:
        return _affirms(text, statement)
    return Words("yes" if said[1].lower() in _YES else "no")


def _affirms(text: str, statement: str) -> Words | None:
    """Return yes or no where a sentence says or denies what the question asks: "Is 7 prime?"."""
    asked = re.search(r"\b(?:is|are)\s+(?P<rest>[^?]+)\?\s*$", _plain(statement))
    words = asked["rest"].split() if asked is not None else []
    if len(words) < 2 or " or " in f" {' '.join(words)} ":
        return None
    about = rf"{re.escape(words[0])}\b[^,;:.]*?\b(?:is|are)\s+(?P<denied>not\s+|n't\s+)?(?:an?\s+)?"
    ending = re.escape(" ".join(w for w in words[1:] if w not in ("a", "an"))[-30:].lstrip())
    said = re.search(rf"{about}(?:\w+\s+)?{ending}\W*$", _plain(text))
    return None if said is None else Words("no" if said["denied"] else "yes")


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[$*\\()]", "", text)).lower().strip()


_NO_NAME = frozenset(
    ("The", "So", "Therefore", "Hence", "Thus", "It", "Answer", "Among", "Since", "Because", "And",
     "But", "Then", "In", "We", "I", "This", "That")
)  # fmt: skip


def first_name(text: str, wanted: Words, statement: str) -> Words | None:
    """Return the person that a conclusion names first, where the question asks who."""
    if not re.fullmatch(r"[A-Z][a-z]+", wanted.text) or not re.search(
        r"\b[Ww]ho(?:se)?\b", statement
    ):
        return None
    last = re.split(r"\b(?:so|thus|hence|therefore)\b,?", text)[-1]
    last = re.sub(r"\b(?:than|not|before|after|by|to)\s+[A-Z][a-z]+", " ", last)
    names = [name for name in re.findall(r"\b[A-Z][a-z]+\b", last) if name not in _NO_NAME]
    either = names and re.search(rf"\b{names[0]}\s*(?:,\s*)?(?:or|/)\s*[A-Z][a-z]+", last)
    return Words(either.group() if either else names[0]) if names else None


def _affirmed(text: str, options: list[str]) -> list[str]:
    pattern = rf"(?<![A-Za-z])(?:{'|'.join(map(re.escape, options))})(?![A-Za-z])"
    return [
        m.group()
        for m in re.finditer(pattern, text, re.IGNORECASE)
        if not re.search(
            r"\b(?:not|n't|than|nor|isn't|neither|never)\s+(?:an?\s+)?$|不是?$|比$",
            text[max(0, m.start() - 12) : m.start()],
            re.IGNORECASE,
        )
    ]


_EITHER_ZH = re.compile(r"(?P<a>[\u3400-\u9fff]{2,5})还是(?P<b>[\u3400-\u9fff]{2,5})")


def _short_option(text: str, wanted: str, statement: str) -> str | None:
    """Return which of two kinds a text names by what they differ in: 奇的 of 奇函数还是偶函数."""
    found = _EITHER_ZH.search(statement) if "还是" in statement else None
    if found is None or wanted in text:
        return None
    size = len(wanted)
    kinds = (found["a"][-size:], found["b"][:size])
    ends = zip(*map(reversed, kinds), strict=False)
    shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], ends))
    stems = [kind[: len(kind) - shared] for kind in kinds]
    named = [
        kind
        for kind, stem in zip(kinds, stems, strict=True)
        if stem and re.search(rf"(?<!不){stem}", text)
    ]
    return named[0] if wanted in kinds and len(named) == 1 else None


def _options(wanted: str, statement: str) -> list[str]:
    """Return the words that a question offers beside the wanted one.

    A list with "or", or names of people.
    """
    for listed in re.finditer(
        r"((?:[A-Za-z]+,\s*)+(?:[A-Za-z]+\s+(?=or\b))?)(?:or|and)\s+([A-Za-z]+)|\b([A-Za-z]+)\s+or\s+([A-Za-z]+)\b",
        statement,
    ):
        words = [*re.findall(r"[A-Za-z]+", listed[1] or listed[3]), listed[2] or listed[4]]
        if wanted.lower() in (w.lower() for w in words):
            return words
    if kinds := conditions(wanted):
        return list(kinds)
    if wanted[:1].isupper() and wanted.isalpha():
        others = re.findall(
            r"(?<![.!?]\s)(?<!^)\b[A-Z][a-z]+\b|^[A-Z][a-z]+(?= \w+ed\b| ran| had| has)", statement
        )
        return [wanted, *(w for w in dict.fromkeys(others) if w != wanted)]
    return []
