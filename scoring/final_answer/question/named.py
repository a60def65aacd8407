"""Values that stand right behind the name of what is asked: ``面积 18``, ``Toll: 4.8 yuan``.

The name is that of the question, in its own words. A part of it (表面积 where 面积 is asked for) or
the opposite extreme is another quantity.
"""

from __future__ import annotations

import re
from itertools import pairwise

_HEAD = re.compile(
    r"\b(?:find|determine|compute|calculate|evaluate|give|finish with|what is|what's)\s+"
    r"(?:(?:the|its|his|her|their)\s+|(?=angle [a-z]))"
    r"(?P<head>[a-z][a-z -]{2,40}?)(?=\s+(?:of|that|which|in|for|with|such|when|if|at|between"
    r"|from|on)\b|\s*[(.,?;:$]|\s*$)",
    re.IGNORECASE,
)
_HEAD_ZH = re.compile(
    r"(?P<head>[\u3400-\u9fff]{2,16}?)(?:是|为|等于)?(?:多少|什么|几)?\s*[?？。.\s]*$"
)
_BRACKETS = re.compile(r"\s*[(（][^()（）]*[)）]")
_CLAUSE = re.compile(r"[,，;；。、!！\n]|\.(?!\d)|\b(?:and|with)\b")
#: A clause that consists of a name, a value and its unit.
_NAMED = re.compile(
    r"^[\s*]*(?P<label>[A-Za-z][A-Za-z' -]{1,40}?|[\u3400-\u9fff]{2,14}?)[\s*]*"
    r"(?:[:：=]|\b(?:is|equals|comes to)\b|约?[为是]|等于|约)?[\s*$]*"
    r"(?:about|approximately|约|≈)?\s*(?P<value>-?\$?\d[\d.,]*|-?\\frac\{\d+\}\{\d+\})"
    r"(?P<unit>[^\d=+*×÷^<>≤≥()（）]{0,24})$",
    re.IGNORECASE,
)
#: A calculation that goes on in words behind its last equality: "= 340, 再去掉 20 个, 得 320 个".
_TAKEN_ON = re.compile(r"[,，;；。]\s*(?:再|然后|又|还要|but|then|minus|less|plus)", re.IGNORECASE)
_LEAD_ZH = re.compile(
    r"^(?:所以|因此|于是|从而|故|则|即|得|此时|最后|答)?(?:其|它的|这个|该|所求的?)?"
)
#: The same in one spelling, where "minus 20" is written -20.
_TAKEN_AWAY = re.compile(r"[,，]\s*[-+]\s*(?=\d)")
_LEFT = re.compile(
    r"\s*(?:[-+]\s*\d[\d.]*[^\d=,，]{0,30}?\s)?(?:(?:which|that|this) )?"
    r"(?:leaves|leaving|gives|giving|makes|making)\s+(?P<value>-?\d[\d.]*(?:\s+[a-z]+){0,2})[.\s]*$",
    re.IGNORECASE,
)
_LEAST = re.compile(r"最[小低少]|\b(?:least|minim\w*|smallest|lowest|min)\b", re.IGNORECASE)
_MOST = re.compile(r"最[大高多]|\b(?:greatest|maxim\w*|largest|highest|most|max)\b", re.IGNORECASE)
_EXTREME_ZH = re.compile(r"最[大小高低多少]")
_PER = re.compile(r"\s+per\s+\w+$")
_FILLERS = frozenset(("the", "its", "a", "so", "thus", "hence", "therefore", "required", "final"))

_LABEL = r"(?:max(?:imum)?|min(?:imum)?|greatest|least|largest|smallest|最大值?|最小值?)"
#: A short label, a separator and a value in figures.
_LABELLED = rf"{_LABEL}(?: value)?\s*[:：=]?\s*[^,，;；:=A-Za-z\u3400-\u9fff]*\d[^,，;；:=]*"
_PAIR = re.compile(rf"\W*{_LABELLED}[,，;；]\s*(?:and )?{_LABELLED}", re.IGNORECASE)


def is_pair_of_labels(sentence: str) -> bool:
    """Return whether a sentence is a greatest and a least value with a short label each."""
    return _PAIR.fullmatch(sentence.strip()) is not None


def heads(asked: str) -> frozenset[str]:
    """Return what a question calls the thing that it asks for, none where it has no name."""
    bare = _BRACKETS.sub("", asked)
    pattern = _HEAD_ZH if re.search(r"[\u3400-\u9fff]", bare) else _HEAD
    found = pattern.search(bare)
    if found is None or re.search(r"\band\b|[和与及]最", found["head"]):
        return frozenset()
    return frozenset((_PER.sub("", found["head"].lower()),))


def names_last(sentence: str, wanted: frozenset[str]) -> bool:
    """Return whether the last clause of a sentence that holds a number names what is asked."""
    clauses = [clause for clause in _CLAUSE.split(sentence) if re.search(r"\d", clause)]
    return bool(clauses) and is_named(clauses[-1], wanted)


def is_named(clause: str, wanted: frozenset[str]) -> bool:
    """Return whether a clause consists of the name of what is asked and a value."""
    found = _NAMED.match(clause.strip(" \t\n*。."))
    return found is not None and any(_is_name(found["label"], head) for head in wanted)


def goes_to_another(lead: str, tail: str, wanted: frozenset[str]) -> bool:
    """Return whether what is asked is named with its value before a clause about another thing.

    "The width is 5, so the length is 10" answers a question for the width.
    """
    clauses = [clause for clause in _CLAUSE.split(lead) if re.search(r"\d", clause)]
    if not clauses:
        return False
    first = _WITHOUT_MARK.sub("", clauses[-1]).strip(" \t\n*。.")
    named = _NAMED.match(first)
    other = _NAMED.match(_CLAUSE.split(tail.strip(" \t\n*。."))[0].strip(" *"))
    compared = _COMPARED.search(first) is not None
    if compared or named is None or other is None or len(named["label"].strip()) < 2:
        return False
    extreme = _LEAST.search(other["label"]) or _MOST.search(other["label"])
    if extreme and not any(_LEAST.search(head) or _MOST.search(head) for head in wanted):
        return False
    return (
        is_named(first, wanted)
        and _GENERIC.search(other["label"]) is None
        and not any(_is_name(other["label"], head) for head in wanted)
    )


#: A value that only compares: "5 less than the length".
_COMPARED = re.compile(
    r"\b(?:less|more|fewer|times|than|twice|half|percent)\b|比|倍", re.IGNORECASE
)
_WITHOUT_MARK = re.compile(r"°|\^\{?\\circ\}?|\$")
#: Names of a result of any kind.
_GENERIC = re.compile(
    r"\b(?:answers?|results?|totals?|sum|final|solution|required|it|that|this|we|altogether|whole)\b"
    r"|答|结果|共|总|所求",
    re.IGNORECASE,
)


#: What makes another value of a sentence the result, or takes the first back.
_ON_FROM_IT = re.compile(
    r"\b(?:no|not|wait|actually|sorry|but|so|thus|then|hence|therefore|giv\w+|mak\w+|less|more)\b|不|所以|因此|故|再",
    re.IGNORECASE,
)


def alone_named(text: str, wanted: frozenset[str]) -> tuple[int, int] | None:
    """Return the one clause that gives what is asked its value where no other goes on from it."""
    if not wanted or _ON_FROM_IT.search(text):
        return None
    cuts = [0, *(m.end() for m in _CLAUSE.finditer(text)), len(text)]
    found = [
        (start, end)
        for start, end in pairwise(cuts)
        if is_named(_WITHOUT_MARK.sub("", text[start:end]).strip(" ,，;；。"), wanted)
    ]
    return found[0] if len(found) == 1 else None


def speaks_of(sentence: str, wanted: frozenset[str]) -> bool:
    """Return whether a sentence holds the last word of what is asked."""
    said = sentence.lower()
    return any((head[-2:] if head[-1] >= "\u3400" else head.split()[-1]) in said for head in wanted)


def taken_on(text: str) -> bool:
    """Return whether a calculation goes on in words behind the last equality of a sentence."""
    behind = text.rpartition("=")[2] if "=" in text else ""
    on = _TAKEN_ON.search(behind)
    return on is not None and re.search(r"\d", behind[on.end() :]) is not None


def left_over(text: str) -> str:
    """Return a sentence from where a calculation in words ends, all of one that has none."""
    start = max((m.end() for m in _CLAUSE.finditer(text.rstrip(" \n.。"))), default=0)
    away = "=" in text and _TAKEN_AWAY.search(text.rpartition("=")[2])
    left = _LEFT.match(text, start) if away or taken_on(text) else None
    return left["value"] if left else text


def result_stands(text: str, start: int, end: int, wanted: frozenset[str]) -> bool:
    """Return whether the last value of a sentence fills a clause behind what names it as found.

    Such a clause consists of the name of what is asked, or of 得, and the value.
    """
    cuts = [m.end() for m in _CLAUSE.finditer(text, 0, start)]
    clause = text[cuts[-1] if cuts else 0 :]
    if not re.fullmatch(r"[^\d=,，;；]*", text[end:].strip(" \n*。.")) or not cuts:
        return False
    got = re.match(
        r"\s*(?:最后|最终|共|一共)?得到?\s*-?\d[\d.]*\s*[\u3400-\u9fff]{0,3}\s*[。.]?\s*$", clause
    )
    return got is not None or is_named(clause, wanted)


def _is_name(label: str, head: str) -> bool:
    opposite = (_LEAST.search(label) and not _LEAST.search(head)) or (
        _MOST.search(label) and not _MOST.search(head)
    )
    if opposite:
        return False
    if re.match(r"[A-Za-z]", label):
        said = _PER.sub("", label.lower())
        # Of "angle A" the letter is a name.
        words = [
            word
            for at, word in enumerate(said.split())
            if word not in _FILLERS or (word == "a" and at > 0)
        ]
        known = head.split()
        return bool(words) and words[-1] == known[-1] and set(words) <= set(known)
    bare = _LEAD_ZH.sub("", label)
    short = _EXTREME_ZH.sub("", bare)
    return (len(bare) > 1 and head.endswith(bare)) or (
        len(short) > 1 and _EXTREME_ZH.sub("", head).endswith(short)
    )
