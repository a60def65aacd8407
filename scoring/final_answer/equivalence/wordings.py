"""Whether two answers in words are the same."""

from __future__ import annotations

import re

from scoring.final_answer.forms.form import Form, Scalar, Words


def same_words(wanted: Form, stated: Form) -> bool | None:
    """Return whether two answers in words are the same, None where one holds the other."""
    if not isinstance(wanted, Words) or not isinstance(stated, Words):
        return (
            False
            if (
                isinstance(wanted, Words)
                and isinstance(stated, Scalar)
                and re.search(r"\d", stated.text)
            )
            or (
                isinstance(wanted, Scalar)
                and re.search(r"\d", wanted.text)
                and isinstance(stated, Words)
                and says_no_value(stated.text)
            )
            else None
        )
    a, b = _bare(wanted.text), _GENERIC.sub("", _bare(stated.text))
    a = _GENERIC.sub("", a)
    if {a, b} == {"yes", "no"} or b == f"not {a}" or (" or " in b and " or " not in a):
        return False
    if a == b or _letters_of(wanted.text) == _letters_of(stated.text) != frozenset():
        return True
    return None if a in b.split() or b in a.split() or set(a.split()) & set(b.split()) else False


_NUMBER_WORDS = re.compile(
    r"zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|teen|ty\b|hundred"
    r"|thousand|million|half|third|quarter|dozen|score|double|pair|π|∞|infinit"
    r"|[零〇一二三四五六七八九十百千万亿两半]|\\(?:pi|infty|sqrt|frac)",
    re.IGNORECASE,
)


#: What a word is of, where only the word is asked for: an odd function.
_GENERIC = re.compile(r"(?<=\w)\s+(?:function|number|triangle|one)$")


def says_no_value(written: str) -> bool:
    """Return whether words state no number at all: "cannot be determined"."""
    return (
        re.search(r"\d", written) is None
        and _NUMBER_WORDS.search(written) is None
        and re.search(r"[A-Za-z]{2,}[^A-Za-z]+[A-Za-z]{2,}|[A-Za-z]{4}|[\u3400-\u9fff]{3}", written)
        is not None
    )


def _letters_of(text: str) -> frozenset[str]:
    """Return the capital letters of a list of labels such as ``B, E``, none for anything else."""
    parts = re.split(r"\s*(?:,|;|、|\band\b|和|与)\s*", text.strip(" ."))
    return frozenset(parts) if all(re.fullmatch(r"[A-Z]", part) for part in parts) else frozenset()


_SYNONYMS = {"是": "yes", "对": "yes", "正确": "yes", "否": "no", "不是": "no", "错": "no",
             "错误": "no", "true": "yes", "false": "no",
             "能": "yes", "不能": "no"}  # fmt: skip


#: The kinds of a condition, the longest first.
_CONDITIONS = ("既不充分也不必要", "充分不必要", "必要不充分", "充分必要", "充要")
_CONDITION = re.compile(
    r"既不充分[也又]不必要|充分(?:而|但)?不必要|必要(?:而|但)?不充分|充分必要|充要"
)


def conditions(wanted: str) -> tuple[str, ...]:
    """Return the writings of all kinds of a condition, where one of them is wanted."""
    if _CONDITION.match(wanted) is None:
        return ()
    return (
        *_CONDITIONS,
        "既不充分又不必要",
        "充分而不必要",
        "必要而不充分",
        "充分但不必要",
        "必要但不充分",
    )


def _bare(text: str) -> str:
    if kind := _CONDITION.fullmatch(text.strip(" *。.").removesuffix("条件").removesuffix("的")):
        plain = re.sub("[而但]", "", kind.group()).replace("又", "也")
        return {"充分必要": "充要"}.get(plain, plain)
    words = re.sub(r"[^\w\s]", " ", text.lower()).split()
    kept = " ".join(word for word in words if word not in ("a", "an", "the", "is", "it", "answer"))
    return _SYNONYMS.get(kept, kept)
