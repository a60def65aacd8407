"""Whether a value counts another thing than the question asks for: 42 boxes where balls are asked.

Only where the statement itself counts that other thing and speaks of what is asked elsewhere too:
an unknown word may be another name for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from scoring.final_answer.forms.amounts import measure

_HOW_MANY = re.compile(r"\bhow many\s+(?P<words>[a-z][a-z' -]{0,60})", re.IGNORECASE)
_HOW_MUCH_OF_ONE = re.compile(r"\bhow (?:long|tall|wide|high|deep|heavy|far|old)\b", re.IGNORECASE)
#: Words that end the name of what is counted.
_STOPS = frozenset((
    "is", "are", "was", "were", "be", "do", "does", "did", "will", "would", "can", "could",
    "has", "have", "had", "must", "should", "may", "might", "of", "in", "per", "for", "on",
    "at", "that", "which", "who", "with", "from", "to", "left", "remain", "remains",
    "remaining", "there", "each", "he", "she", "they", "it", "we", "you", "i", "and", "or",
    "than", "if", "when", "so", "how", "fit", "fits", "make", "makes", "made", "need", "needs",
    "altogether", "total", "all", "overall", "now", "still", "more", "less", "fewer", "only",
))  # fmt: skip
#: Words for people, any of which may be said for another.
_PEOPLE = frozenset((
    "person", "people", "kid", "child", "children", "student", "pupil", "guest", "member",
    "player", "passenger", "visitor", "customer", "worker", "employee", "adult", "teacher",
    "boy", "girl", "man", "woman", "men", "women", "friend", "runner",
))  # fmt: skip
_ANY = frozenset((
    "piece", "item", "unit", "thing", "object", "time", "way", "number", "one", "dozen", "pair",
    "answer", "response", "guess", "try",
))  # fmt: skip
_COUNT_WORDS = (
    r"(?:\d+|each|every|per|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty"
    r"|thirty|forty|fifty|sixty)"
)
#: Two things together, and a thing in the plural: an adjective counts nothing ("9 correct").
_JOINED = re.compile(r"\b(?:and|or|plus)\b", re.IGNORECASE)
_PLURAL = re.compile(r"\s*(?:[a-z'-]+\s+)?[a-z'-]+[a-rt-z]s\b", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
_ASKED_ZH = re.compile(r"(?:多少|几)(?P<thing>[\u3400-\u9fff]{1,6})")
_BEHIND = re.compile(
    r"[\s$*}]*(?:\\text\s*\{\s*)?(?P<words>(?:[A-Za-z][A-Za-z'-]*\s*){1,3}|[\u3400-\u9fff]{1,4})"
)
_CLASSIFIERS = "个只条本支张件块名位根片粒颗"


def counts_another(value: str, text: str, question: str) -> bool:
    """Return whether a text counts by a value a thing that is not the one asked for.

    ``text`` is in one spelling; ``value`` is the value in it as written.
    """
    place = re.compile(rf"(?<![\d.,/^-]){re.escape(value.strip())}(?![\d,]*\d|\.\d)")
    behind = [_BEHIND.match(text, found.end()) for found in place.finditer(text)]
    named = [found["words"] for found in behind if found is not None]
    return bool(named) and all(_is_another(words, question) for words in named)


@lru_cache(maxsize=1024)
def _is_another(words: str, question: str) -> bool:
    if words[0] >= "\u3400":
        return _is_another_zh(words, question)
    if _JOINED.search(words) or _PLURAL.match(words) is None:
        return False
    said = _name(words)
    if not said or any(measure(word) is not None for word in said):
        return False
    counted = [word for word in said if _is_counted(word, question)]
    if not counted:
        return False
    asked = [_name(found["words"]) for found in _HOW_MANY.finditer(question)]
    if not asked and _HOW_MUCH_OF_ONE.search(question):
        return True
    if set(said) & _ANY:
        return False
    if not asked or any(set(said) & set(name) for name in asked) or not asked[-1]:
        return False
    wanted = asked[-1][-1]
    if {wanted, counted[0]} <= _PEOPLE or wanted in _ANY:
        return False
    return _stands_elsewhere(wanted, question)


def _name(words: str) -> tuple[str, ...]:
    """Return the stems of the words that name a thing, up to the first that does not."""
    name: list[str] = []
    for word in _WORD.findall(words.lower()):
        if word in _STOPS:
            break
        name.append(_stem(word))
    return tuple(name)


def _stem(word: str) -> str:
    for ending, to in (("ies", "y"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss")):
        if word.endswith(ending):
            return word[: -len(ending)] + to
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _is_counted(stem: str, question: str) -> bool:
    """Return whether the statement counts a thing: ``6 boxes``, ``each box``."""
    return any(
        stem in _stems(found.group().split()[1:])
        for found in re.finditer(
            rf"\b{_COUNT_WORDS}\s+(?:[a-z'-]+\s+)?[a-z'-]+", question, re.IGNORECASE
        )
    ) or any(
        stem in _stems(found.group().split()[1:2])
        for found in re.finditer(rf"\b{_COUNT_WORDS}\s+[a-z'-]+", question, re.IGNORECASE)
    )


def _stems(words: Sequence[str]) -> Iterable[str]:
    return {_stem(word.lower().strip("'")) for word in words}


def _stands_elsewhere(stem: str, question: str) -> bool:
    rest = _HOW_MANY.sub(" ", question)
    return stem in _stems(_WORD.findall(rest))


def _is_another_zh(thing: str, question: str) -> bool:
    """Return the same of a thing in Chinese; one that shares a character with what is asked is it.

    Of 个盒子 the thing is 盒子; 42盒 counts boxes as well.
    """
    bare = re.split(r"[，。、和的在了吗呢里共]", thing.lstrip(_CLASSIFIERS))[0]
    asked = [found["thing"] for found in _ASKED_ZH.finditer(question)]
    if not bare or not asked or measure(bare) is not None or measure(bare[:1]) is not None:
        return False
    wanted = re.split(r"[，。、？?]", asked[-1])[0]
    if set(bare) & set(wanted) or "人" in wanted or len(wanted.lstrip(_CLASSIFIERS)) == 0:
        return False
    counted = re.search(
        rf"[\d一二两三四五六七八九十每]\s*[{_CLASSIFIERS}]?\s*{re.escape(bare[:2])}", question
    )
    elsewhere = question.count(wanted.lstrip(_CLASSIFIERS)[:2]) > 1
    return counted is not None and elsewhere
